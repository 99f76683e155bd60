"""Which fields make a new object when they change, because Kubernetes refuses to change them in place.

The list is that of the real provider (version 4, `provider/pkg/provider/diff.go`), no more and no less, so that a
preview here announces the same replacements as one with the real provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from infra.local.standin.objects import group_of

Pattern: TypeAlias = tuple[str, ...]
"""Names of nested fields. List positions are not named: a pattern holds for every element."""

IDENTITY: tuple[Pattern, ...] = (("metadata", "name"), ("metadata", "namespace"))

_SELECTOR = (("spec", "selector"),)
_STATEFUL_SET = ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
_JOB = ("completions", "parallelism", "selector", "template")
_CLAIM = ("accessModes", "selector", "storageClassName", "volumeName")
_VOLUME = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)
_POD = (
    *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases"),
    *("hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead"),
    *("preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
    *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace"),
    *("subdomain", "terminationGracePeriodSeconds", "volumes"),
)
_CONTAINER = (
    *("args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports"),
    *("readinessProbe", "resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath"),
    *("terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir"),
)


def _spec(*fields: str) -> tuple[Pattern, ...]:
    return tuple(("spec", field) for field in fields)


def _container(*lists: str) -> tuple[Pattern, ...]:
    return tuple(("spec", containers, field) for containers in lists for field in _CONTAINER)


FORCED_NEW: Mapping[tuple[str, str], tuple[Pattern, ...]] = {
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "StatefulSet"): _spec(*_STATEFUL_SET),
    ("batch", "Job"): _spec(*_JOB),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",)),
    ("", "PersistentVolume"): _spec(*_VOLUME),
    ("", "PersistentVolumeClaim"): _spec(*_CLAIM),
    ("", "Pod"): (*_spec(*_POD), *_container("containers", "initContainers")),
    ("", "ResourceQuota"): _spec("scopes"),
    ("", "Secret"): (("type",),),
    ("", "Service"): _spec("clusterIP"),
}
"""Fields by API group and kind, beside IDENTITY."""


def forced_new(manifest: Mapping[str, Any], *, mutable_config_maps: bool, mutable_secrets: bool) -> tuple[Pattern, ...]:
    """The fields of this object whose change replaces it.

    ConfigMaps and Secrets are replaced when their data changes, unless the provider is configured to change them in
    place and the object does not call itself immutable.
    """
    kind = str(manifest.get("kind") or "")
    group = group_of(str(manifest.get("apiVersion") or ""))
    patterns = (*IDENTITY, *FORCED_NEW.get((group, kind), ()))
    frozen = manifest.get("immutable") is True
    if group == "" and kind == "ConfigMap" and (frozen or not mutable_config_maps):
        return (*patterns, ("binaryData",), ("data",))
    if group == "" and kind == "Secret" and (frozen or not mutable_secrets):
        return (*patterns, ("stringData",), ("data",))
    return patterns
