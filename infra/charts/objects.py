"""Objects of Kubernetes as plain data, whichever kind they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from infra.values import mapping, text
from infra.values import words as words_of

DEFINITION = "CustomResourceDefinition"
POD_KINDS = frozenset(words_of("CronJob DaemonSet Deployment Job Pod ReplicaSet ReplicationController StatefulSet"))
CLUSTER_KINDS = frozenset(
    words_of(
        "APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle "
        "CustomResourceDefinition DeviceClass FlowSchema IPAddress IngressClass MutatingAdmissionPolicy "
        "MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass "
        "PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass ValidatingAdmissionPolicy "
        "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass"
    )
)
"""Kinds of Kubernetes' own that are in no namespace (Kubernetes 1.36 API reference)."""
BUILT_IN_GROUPS = frozenset(
    words_of(
        "admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io apps authentication.k8s.io "
        "authorization.k8s.io autoscaling batch certificates.k8s.io coordination.k8s.io core discovery.k8s.io "
        "events.k8s.io flowcontrol.apiserver.k8s.io networking.k8s.io node.k8s.io policy rbac.authorization.k8s.io "
        "resource.k8s.io scheduling.k8s.io storage.k8s.io storagemigration.k8s.io"
    )
)
"""API groups of Kubernetes itself; kinds of every other one are defined by somebody."""


@dataclass(frozen=True)
class KubernetesObject:
    """One object, as its file or its chart has it."""

    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Such as `Deployment`."""
        return text(self.body, "kind")

    @property
    def group(self) -> str:
        """The API group: `apps`, or `core` for that without a name."""
        group, slash, _ = text(self.body, "apiVersion").partition("/")
        return group if slash else "core"

    @property
    def type(self) -> str:
        """The type by which Pulumi's provider knows it: `kubernetes:apps/v1:Deployment`."""
        version = text(self.body, "apiVersion")
        return f"kubernetes:{version if '/' in version else f'core/{version}'}:{self.kind}"

    @property
    def name(self) -> str:
        """Its name, or the beginning of one that the API server ends."""
        return text(self.body, "metadata", "name") or text(self.body, "metadata", "generateName").rstrip("-")

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it is in none, or none is given."""
        return text(self.body, "metadata", "namespace")

    @property
    def annotations(self) -> Mapping[str, Any]:
        """Its annotations."""
        return mapping(mapping(self.body.get("metadata")).get("annotations"))

    @property
    def is_definition(self) -> bool:
        """Whether it defines a kind."""
        return self.kind == DEFINITION and self.group == "apiextensions.k8s.io"

    @property
    def is_built_in(self) -> bool:
        """Whether its kind is one of Kubernetes' own."""
        return self.group in BUILT_IN_GROUPS

    @property
    def has_pods(self) -> bool:
        """Whether it brings pods by itself."""
        return self.is_built_in and self.kind in POD_KINDS

    @cached_property
    def label(self) -> str:
        """Kind and name, as messages call it."""
        return f"{self.kind} {self.name}"

    def with_metadata(self, **changes: Any) -> KubernetesObject:
        """Return it with other metadata; None removes an entry."""
        metadata = {**mapping(self.body.get("metadata")), **changes}
        return replace(
            self, body={**self.body, "metadata": {key: value for key, value in metadata.items() if value is not None}}
        )


def listed(bodies: Iterable[Mapping[str, Any]]) -> list[KubernetesObject]:
    """Return objects of documents; a `List` stands for its items."""
    found: list[KubernetesObject] = []
    for body in bodies:
        if text(body, "kind").endswith("List") and isinstance(body.get("items"), list):
            found += listed(body["items"])
        else:
            found.append(KubernetesObject(body))
    return found


Scopes = Mapping[tuple[str, str], bool]
"""Whether the objects of a kind are in a namespace, by API group and kind."""


def scopes(objects: Iterable[KubernetesObject]) -> Scopes:
    """Return the scopes of the kinds that some of the objects define."""
    return {
        (text(one.body, "spec", "group"), text(one.body, "spec", "names", "kind")): text(one.body, "spec", "scope")
        != "Cluster"
        for one in objects
        if one.is_definition
    }


def is_namespaced(one: KubernetesObject, known: Scopes) -> bool | None:
    """Return whether an object is in a namespace; None where nobody knows its kind."""
    if one.is_built_in:
        return one.kind not in CLUSTER_KINDS
    return known.get((one.group, one.kind))


def placed(one: KubernetesObject, namespace: str, known: Scopes) -> KubernetesObject:
    """Return an object with its namespace: its own or `namespace`, and none where its kind has none."""
    namespaced = is_namespaced(one, known)
    if namespaced is False:
        return one.with_metadata(namespace=None)
    if namespaced and not one.namespace:
        return one.with_metadata(namespace=namespace)
    return one
