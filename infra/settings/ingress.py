"""`platform.ingress` of an existing cluster: its ingress controller, and what traffic asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from infra.settings.app.addresses import addresses_of
from infra.settings.app.application import Application
from infra.settings.app.traffic import HTTPS, TrafficSettings
from infra.settings.model import FieldError, Model
from infra.settings.names import Name, ObjectName
from infra.settings.namespace import NamespaceSettings

_NGINX = "nginx.ingress.kubernetes.io"


class IngressSettings(Model):
    """The ingress controller that a cluster already has."""

    class_name: ObjectName
    """`spec.ingressClassName` of the Ingress of each app with `traffic`."""
    namespace: Name
    """The controller's namespace: the only place from which traffic reaches the apps."""
    cluster_issuer: ObjectName | None = None
    """The cert-manager ClusterIssuer that signs each host's certificate. Without one, the Ingress serves plain HTTP."""
    controller: Literal["nginx"] | None = None
    """`nginx` for ingress-nginx, which takes what an Ingress has no field for (`sticky`, `redirect`, gRPC) as
    annotations. By default so where `className` is `nginx`."""

    @property
    def takes_annotations(self) -> bool:
        """Whether its annotations are known."""
        return "nginx" in {self.controller, self.class_name}


def controller_annotations(traffic: TrafficSettings) -> dict[str, str]:
    """Return what ingress-nginx is told of an app's traffic ("Annotations" in its user guide)."""
    annotations: dict[str, str] = {}
    if traffic.protocol == "grpc":
        annotations[f"{_NGINX}/backend-protocol"] = "GRPC"
    if traffic.sticky is not None:
        annotations |= {
            f"{_NGINX}/affinity": "cookie",
            f"{_NGINX}/session-cookie-max-age": str(traffic.sticky),
        }
    if traffic.redirect == HTTPS:
        annotations[f"{_NGINX}/force-ssl-redirect"] = "true"
    return annotations


def ingress_errors(ingress: IngressSettings | None, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find traffic that an Ingress does not carry; locations are below the root. Without one, none is carried."""
    if ingress is None:
        return
    for name, app in apps.items():
        for address in addresses_of(name, app):
            for error in _traffic_errors(ingress, address.traffic):
                yield error.below(*address.place)


def namespace_errors(ingress: IngressSettings | None, namespace: NamespaceSettings) -> Iterator[FieldError]:
    """Find a namespace for the apps in which the ingress controller is; locations are below the root."""
    if ingress is not None and ingress.namespace == namespace.name:
        message = "is the ingress controller's namespace, which the apps' network policies would close"
        yield FieldError("namespace.name", f"{namespace.name} {message}; choose another")


def _traffic_errors(ingress: IngressSettings, traffic: TrafficSettings) -> Iterator[FieldError]:
    if not traffic.is_http:
        yield FieldError(
            "protocol",
            f"{traffic.protocol} does not pass an Ingress, which carries HTTP only; remove this address, or leave "
            "platform.ingress out",
        )
    if traffic.protocol == "http2":
        yield FieldError("protocol", "http2 to the pods is no part of an Ingress; write http, or grpc for gRPC")
    if traffic.canonical_host is not None:
        yield FieldError("redirect", "to a host is no part of an Ingress; remove it, and let the app answer it")
    asked = {
        "protocol": traffic.protocol == "grpc",
        "sticky": traffic.sticky is not None,
        "redirect": traffic.redirect == HTTPS,
    }
    for key in (key for key, is_asked in asked.items() if is_asked and not ingress.takes_annotations):
        yield FieldError(
            key,
            f"an Ingress has no field for it, and the annotations of controller {ingress.class_name} are not known; "
            "remove it, or set platform.ingress.controller: nginx if it is ingress-nginx",
        )
    if traffic.redirect == HTTPS and (ingress.cluster_issuer is None or not traffic.all_hosts):
        yield FieldError("redirect", "https needs a certificate; set platform.ingress.clusterIssuer and a host")
