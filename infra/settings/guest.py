"""`nightowl:platform` with `kind: guest`: the apps of a pull request on the cluster of another stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from infra.settings.app.application import Application, Task
from infra.settings.eks.addresses import health_errors, http_addresses, network_addresses, path_errors
from infra.settings.eks.gpu import guest_gpu_errors
from infra.settings.eks.load_balancer import Domain
from infra.settings.eks.platform import AccountId, EksPlatformSettings, Region, Tags
from infra.settings.eks.priorities import guest_priority_errors
from infra.settings.model import FieldError, Model
from infra.settings.names import Name
from infra.settings.namespace import NamespaceSettings
from infra.settings.pull_request import pull_request_number


def _check_base(value: str) -> str:
    if pull_request_number(value) is not None:
        raise ValueError("is a stack of a pull request, which has no cluster; name the stack that has")
    return value


class GuestPlatformSettings(Model):
    """The cluster and the load balancer of another stack, for the apps of one pull request.

    Such a stack file is derived from that of the other stack by `nightowl ci ephemeral up`, and not kept.
    """

    kind: Literal["guest"]
    """The kind of platform."""
    stack: Annotated[Name, AfterValidator(_check_base)]
    """The stack of this project that has the cluster; it is read, never changed."""
    region: Region
    """The AWS region, such as eu-central-1."""
    account_id: AccountId
    """The account that the credentials must belong to; any other is refused before anything is made."""
    domain: Domain | None = None
    """The domain of that stack's load balancer. Without one, no app has `traffic`."""
    tags: Tags = {}
    """Tags on every resource, besides the project's and the stack's names."""


IN_ANOTHER_STACK = "give the app a stack file of its own, which pull requests do not copy"
"""What whoever writes a pull request can do: the file of a guest is derived from that of the other stack."""
AwsPlatformSettings = EksPlatformSettings | GuestPlatformSettings
"""The platforms that are in an AWS account."""


def namespace_errors(namespace: NamespaceSettings) -> Iterator[FieldError]:
    """Find a namespace that is not a guest's."""
    if pull_request_number(namespace.name) is None:
        message = "is not the namespace of a pull request; a guest's is pr-<number>, such as pr-7"
        yield FieldError("namespace.name", f"{namespace.name} {message}")


def shared_rule_errors(namespace: NamespaceSettings, apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find apps for which a guest has no listener rule left; locations are below the root."""
    number = pull_request_number(namespace.name)
    if number is not None:
        yield from guest_priority_errors(number, http_addresses(apps))


def guest_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find what a guest may not have, so that it never takes anything from its host; locations are below the root."""
    for address in network_addresses(apps).values():
        protocol = address.traffic.protocol
        message = f"{protocol} takes a port of the load balancer, which belongs to the other stack; remove traffic"
        yield FieldError((*address.place, "protocol"), message)
    yield from _priority_class_errors(apps)
    yield from _security_errors(apps)
    for app, settings in apps.items():
        if settings.kind == "stateful":
            message = f"stateful does not go with kind: guest; {IN_ANOTHER_STACK}"
            yield FieldError(("apps", app, "kind"), message)
    yield from guest_gpu_errors(apps)


def guest_address_errors(
    platform: GuestPlatformSettings, namespace: NamespaceSettings, apps: Mapping[str, Application]
) -> Iterator[FieldError]:
    """Find addresses that are not the pull request's own; locations are below the root."""
    number = pull_request_number(namespace.name)
    if number is None:
        return
    for address in http_addresses(apps).values():
        traffic, place = address.traffic, (*address.place, "host")
        if platform.domain is None:
            message = "has no domain to lie in, as the stack that has the load balancer has none; remove traffic"
            yield FieldError(address.place, message)
        elif not traffic.all_hosts:
            yield FieldError(place, f"is required: without it {address.app} would take the requests of the other stack")
        for index, host in enumerate(traffic.all_hosts if platform.domain else ()):
            if not is_guest_host(host, number, platform.domain or ""):
                yield FieldError(
                    (*address.place, "hosts", index) if traffic.hosts else place,
                    f"{host} is not of pull request {number}; write pr-{number}.{platform.domain}, or "
                    f"pr-{number}-<name>.{platform.domain}",
                )
        yield from path_errors(address)
    yield from health_errors(apps)


def is_guest_host(host: str, number: int, domain: str) -> bool:
    """Whether a host is one label below the domain, and that label the pull request's own."""
    label, _, rest = host.partition(".")
    return rest == domain and (label == f"pr-{number}" or label.startswith(f"pr-{number}-"))


def _priority_class_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find priorities: their classes are the whole cluster's, and a guest goes before nobody."""
    for app, settings in apps.items():
        if not isinstance(settings, Task) and settings.availability.priority != "normal":
            yield FieldError(
                ("apps", app, "availability", "priority"),
                f"{settings.availability.priority} does not go with kind: guest; leave it out",
            )


def _security_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find levels below the one that the cluster's admission policy asks of namespaces of pull requests."""
    for app, settings in apps.items():
        if settings.security.level != "restricted":
            yield FieldError(
                ("apps", app, "security", "level"),
                f"{settings.security.level} does not go with kind: guest, whose namespace enforces restricted; use "
                f"an image that needs no root, or {IN_ANOTHER_STACK}",
            )
