"""Kubernetes: the same pods, bindings and policies by other kinds, versions, lists and patches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.spelled.case import Case, Part, cases, one

Parts = tuple[Part, ...]
RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
DIGEST = f"registry.example.com/one@sha256:{'a' * 64}"
SAFE_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
SAFE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "runAsUser": 10001,
}


def _container(**changes: Any) -> dict[str, Any]:
    security = {**SAFE, **changes.pop("securityContext", {})}
    return {"name": "one", "image": DIGEST, "securityContext": security, **changes}


def _pod(container: Mapping[str, Any] | None = None, key: str = "containers", **spec: Any) -> dict[str, Any]:
    containers = {key: [container or _container()]}
    return {"securityContext": SAFE_POD, "containers": [_container()], **containers, **spec}


def _object(kind: str, api: str, spec: Any, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "{case}", "namespace": "shop"}, "spec": spec, **more}


def made_in_every_way(pod: Mapping[str, Any]) -> dict[str, Parts]:
    """The same pod by each kind that makes one."""
    template = {"metadata": {"labels": {"app": "{case}"}}, "spec": pod}
    kinds = {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
        "DaemonSet": "apps/v1",
        "ReplicaSet": "apps/v1",
        "Job": "batch/v1",
    }
    job = {"jobTemplate": {"spec": {"template": template}}}
    two = [{"spec": _pod()}, template]
    return {
        **{
            kind: one(f"kubernetes:{api}:{kind}", **_object(kind, api, {"template": template}))
            for kind, api in kinds.items()
        },
        **{
            f"{kind}Patch": one(f"kubernetes:{api}:{kind}Patch", **_object(kind, api, {"template": template}))
            for kind, api in kinds.items()
        },
        "Pod": one("kubernetes:core/v1:Pod", **_object("Pod", "v1", pod)),
        "PodPatch": one("kubernetes:core/v1:PodPatch", **_object("Pod", "v1", pod)),
        "CronJob": one("kubernetes:batch/v1:CronJob", **_object("CronJob", "batch/v1", job)),
        "CronJobPatch": one("kubernetes:batch/v1:CronJobPatch", **_object("CronJob", "batch/v1", job)),
        "old CronJob": one("kubernetes:batch/v1beta1:CronJob", **_object("CronJob", "batch/v1beta1", job)),
        "old Deployment": one(
            "kubernetes:apps/v1beta1:Deployment", **_object("Deployment", "apps/v1beta1", {"template": template})
        ),
        "older DaemonSet": one(
            "kubernetes:extensions/v1beta1:DaemonSet",
            **_object("DaemonSet", "extensions/v1beta1", {"template": template}),
        ),
        "ReplicationController": one(
            "kubernetes:core/v1:ReplicationController", **_object("ReplicationController", "v1", {"template": template})
        ),
        "PodTemplate": one(
            "kubernetes:core/v1:PodTemplate",
            apiVersion="v1",
            kind="PodTemplate",
            metadata={"name": "{case}", "namespace": "shop"},
            template=template,
        ),
        "PodList": one("kubernetes:core/v1:PodList", items=[_object("Pod", "v1", pod)]),
        "DeploymentList": one(
            "kubernetes:apps/v1:DeploymentList", items=[{"metadata": {"name": "x"}, "spec": {"template": template}}]
        ),
        "List": one("kubernetes:core/v1:List", items=[_object("Deployment", "apps/v1", {"template": template})]),
        "Rollout": one(
            "kubernetes:argoproj.io/v1alpha1:Rollout",
            **_object("Rollout", "argoproj.io/v1alpha1", {"template": template}),
        ),
        "Service of Knative": one(
            "kubernetes:serving.knative.dev/v1:Service",
            **_object("Service", "serving.knative.dev/v1", {"template": template}),
        ),
        "Job of Volcano": one(
            "kubernetes:batch.volcano.sh/v1alpha1:Job",
            **_object("Job", "batch.volcano.sh/v1alpha1", {"tasks": [{"template": each} for each in two]}),
        ),
        "another type's kind": one(
            "kubernetes:core/v1:ConfigMap", **_object("Deployment", "apps/v1", {"template": template})
        ),
    }


def in_every_container(container: Mapping[str, Any]) -> dict[str, Parts]:
    return {
        key: one("kubernetes:core/v1:Pod", **_object("Pod", "v1", _pod(container, key)))
        for key in ("initContainers", "containers", "ephemeralContainers")
    }


def _volume(**volume: Any) -> dict[str, Any]:
    return _pod(volumes=[{"name": "host", **volume}])


def _role(kind: str, *rules: Mapping[str, Any], **more: Any) -> Parts:
    return one(f"{RBAC}{kind}", metadata={"name": "{case}"}, rules=list(rules), **more)


def _rule(resources: list[str], verbs: list[str], groups: list[str] | None = None) -> dict[str, Any]:
    return {"apiGroups": [""] if groups is None else groups, "resources": resources, "verbs": verbs}


def _bound(kind: str, role: str, *subjects: Mapping[str, str]) -> Parts:
    return one(
        f"{RBAC}{kind}",
        metadata={"name": "{case}", "namespace": "shop"},
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        subjects=list(subjects),
    )


def _group(name: str) -> dict[str, str]:
    return {"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}


def _ingress_from(*cidrs: str, type_: str = "kubernetes:networking.k8s.io/v1:NetworkPolicy") -> Parts:
    peers = [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]}
    return one(type_, metadata={"name": "{case}", "namespace": "shop"}, spec=spec)


def _egress_to(*blocks: Mapping[str, Any], type_: str = "kubernetes:networking.k8s.io/v1:NetworkPolicy") -> Parts:
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": block} for block in blocks]}]}
    return one(type_, metadata={"name": "{case}", "namespace": "shop"}, spec=spec)


def _namespace(level: str | None, type_: str = "kubernetes:core/v1:Namespace") -> Parts:
    labels = {} if level is None else {"pod-security.kubernetes.io/enforce": level}
    return one(type_, metadata={"name": "{case}", "labels": labels})


def _storage(kind: str, **spec: Any) -> Parts:
    return one(f"kubernetes:core/v1:{kind}", metadata={"name": "{case}"}, spec={"capacity": {"storage": "1Gi"}, **spec})


def _binding_list(role: str, subject: Mapping[str, str]) -> Parts:
    item = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "{case}"},
        "roleRef": {"kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
    return one(f"{RBAC}ClusterRoleBindingList", items=[item])


EVERYBODY = ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated", "system:unauthenticated")


def _everybody() -> dict[str, Parts]:
    return {
        **{
            f"{role} for {name}": _bound("ClusterRoleBinding", role, _group(name))
            for name in EVERYBODY
            for role in ("admin", "edit")
        },
        "in a namespace": _bound("RoleBinding", "admin", _group("system:serviceaccounts")),
        "by a patch": _bound("ClusterRoleBindingPatch", "view", _group("system:authenticated")),
        "by a patch in a namespace": _bound("RoleBindingPatch", "view", _group("system:serviceaccounts")),
        "by an old version": one(
            "kubernetes:rbac.authorization.k8s.io/v1beta1:ClusterRoleBinding",
            metadata={"name": "x"},
            roleRef={"kind": "ClusterRole", "name": "edit"},
            subjects=[_group("system:authenticated")],
        ),
        "by a list": _binding_list("edit", _group("system:authenticated")),
        "as a user": _bound("ClusterRoleBinding", "view", {"kind": "User", "name": "system:anonymous"}),
    }


def _patched(security: Mapping[str, Any]) -> dict[str, Parts]:
    """A patch of a Deployment that loosens what the Deployment holds, for its pod and for a container."""
    whole = {"template": {"spec": {"securityContext": security}}}
    single = {"template": {"spec": {"containers": [{"name": "one", "securityContext": security}]}}}
    return {
        name: one("kubernetes:apps/v1:DeploymentPatch", **_object("Deployment", "apps/v1", spec))
        for name, spec in {"for the pod": whole, "for a container": single}.items()
    }


def dangers() -> Iterator[Case]:
    privileged = _container(securityContext={"privileged": True})
    yield from cases("privileged", {"pod-not-privileged"}, made_in_every_way(_pod(privileged)))
    yield from cases("privileged container", {"pod-not-privileged"}, in_every_container(privileged))
    for key in ("hostPID", "hostNetwork", "hostIPC"):
        yield from cases(key, {"pod-own-namespaces"}, made_in_every_way(_pod() | {key: True}))
    host = _volume(hostPath={"path": "/"})
    yield from cases("a folder of the node", {"pod-no-host-path"}, made_in_every_way(host))
    moving = _container(image="registry.example.com/one:latest")
    yield from cases("an image that moves", {"image-not-latest"}, made_in_every_way(_pod(moving)))
    variable = _container(env=[{"name": "DB_PASSWORD", "value": "hunter" + "2" * 9}])
    yield from cases("a password in a variable", {"no-plain-secret-variable"}, made_in_every_way(_pod(variable)))
    service = "kubernetes:core/v1:Service"
    external = {"externalIPs": ["192.0.2.1"]}
    yield from cases(
        "another's address",
        {"no-external-addresses"},
        {
            "of a Service": one(service, **_object("Service", "v1", external)),
            "by a patch": one(f"{service}Patch", **_object("Service", "v1", external)),
            "by a list": one(f"{service}List", items=[_object("Service", "v1", external)]),
        },
    )
    yield from cases(
        "a volume of the node",
        {"volume-is-no-folder-of-a-node"},
        {
            "by path": _storage("PersistentVolume", hostPath={"path": "/"}),
            "by a patch": _storage("PersistentVolumePatch", hostPath={"path": "/"}),
            "local": _storage("PersistentVolume", local={"path": "/"}),
            "by a list": one(
                "kubernetes:core/v1:PersistentVolumeList",
                items=[{"metadata": {"name": "x"}, "spec": {"hostPath": {"path": "/"}}}],
            ),
        },
    )
    capable = _container(securityContext={"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}})
    yield from cases("a capability", {"pod-adds-no-capability"}, in_every_container(capable))
    port = _container(ports=[{"containerPort": 80, "hostPort": 80}])
    yield from cases("a port of the node", {"pod-no-host-port"}, in_every_container(port))
    yield from cases("root", {"pod-no-user-zero"}, in_every_container(_container(securityContext={"runAsUser": 0})))
    yield from cases("root by a patch", {"pod-no-user-zero"}, _patched({"runAsUser": 0}))
    yield from cases("maybe root by a patch", {"pod-non-root"}, _patched({"runAsNonRoot": False}))
    yield from cases("no seccomp by a patch", {"pod-seccomp"}, _patched({"seccompProfile": {"type": "Unconfined"}}))
    yield from cases(
        "a privileged namespace",
        {"namespace-enforces-pod-security"},
        {
            "made so": _namespace("privileged"),
            "made without a word": _namespace(None),
            "by a patch": _namespace("privileged", "kubernetes:core/v1:NamespacePatch"),
            "baseline by a patch": _namespace("baseline", "kubernetes:core/v1:NamespacePatch"),
            "by a list": one("kubernetes:core/v1:NamespaceList", items=[{"metadata": {"name": "x"}}]),
        },
    )
    someone = {"kind": "ServiceAccount", "name": "one", "namespace": "shop"}
    yield from cases(
        "an administrator of the cluster",
        {"no-cluster-admin-binding"},
        {
            "everywhere": _bound("ClusterRoleBinding", "cluster-admin", someone),
            "in a namespace": _bound("RoleBinding", "cluster-admin", someone),
            "by a patch": _bound("ClusterRoleBindingPatch", "cluster-admin", someone),
            "by a list": _binding_list("cluster-admin", someone),
            "as what widens roles": _bound(
                "ClusterRoleBinding", "system:controller:clusterrole-aggregation-controller", someone
            ),
            "as a controller": _bound("ClusterRoleBinding", "system:controller:job-controller", someone),
            "as a node": _bound("ClusterRoleBinding", "system:node", someone),
            "as who enters nodes": _bound("ClusterRoleBinding", "system:kubelet-api-admin", someone),
            "of every namespace": _bound("ClusterRoleBinding", "admin", someone),
            "of all that is in every namespace": _bound("ClusterRoleBinding", "edit", someone),
            "by a patch of the cluster's own": one(
                f"{RBAC}ClusterRoleBindingPatch", metadata={"name": "cluster-admin"}, subjects=[someone]
            ),
        },
    )
    yield from cases("everybody", {"no-binding-for-everybody"}, _everybody())
    yield from cases(
        "a role for all",
        {"no-wildcard-role"},
        {
            "verbs": _role("ClusterRole", _rule(["pods"], ["*"])),
            "resources": _role("ClusterRole", _rule(["*"], ["get"])),
            "groups": _role("Role", _rule(["pods"], ["get"], ["*"])),
            "by a patch": _role("ClusterRolePatch", _rule(["*"], ["*"], ["*"])),
            "by a patch in a namespace": _role("RolePatch", _rule(["*"], ["*"], ["*"])),
            "paths": _role("ClusterRole", {"nonResourceURLs": ["*"], "verbs": ["get"]}),
            "added to what readers may": one(
                f"{RBAC}ClusterRole",
                metadata={"name": "x", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
                rules=[_rule(["*"], ["get"], ["*"])],
            ),
        },
    )
    own = "kubernetes.io/bootstrapping"
    selectors: dict[str, Any] = {
        "of the cluster's own": {"matchLabels": {own: "rbac-defaults"}},
        "of everything": {},
        "that have a label": {"matchExpressions": [{"key": own, "operator": "Exists"}]},
        "that lack a label": {"matchExpressions": [{"key": "shop", "operator": "DoesNotExist"}]},
        "that are not of one name": {"matchExpressions": [{"key": "shop", "operator": "NotIn", "values": ["x"]}]},
        "of administrators": {"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}},
    }
    yield from cases(
        "a role of other roles",
        {"no-administrator-by-aggregation"},
        {
            **{
                name: _role("ClusterRole", aggregationRule={"clusterRoleSelectors": [selector]})
                for name, selector in selectors.items()
            },
            "by a patch": _role("ClusterRolePatch", aggregationRule={"clusterRoleSelectors": [{}]}),
        },
    )
    yield from cases(
        "reading Secrets",
        {"no-secret-reading-role"},
        {kind: _role(kind, _rule(["secrets"], ["list"])) for kind in ("Role", "ClusterRole", "RolePatch")},
    )
    yield from cases(
        "running in pods",
        {"no-pod-making-role"},
        {
            "named": _role("Role", _rule(["pods/exec"], ["create"])),
            "of anything": _role("Role", _rule(["*/exec"], ["create"])),
        },
    )
    policy = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
    world = {
        "all": ["0.0.0.0/0"],
        "halves": ["0.0.0.0/1", "128.0.0.0/1"],
        "IPv6": ["2000::/3"],
        "halves of IPv6": ["::/1", "8000::/1"],
        "many": [f"{first}.0.0.0/8" for first in range(11, 60)],
    }
    yield from cases(
        "pods open to the internet",
        {"no-ingress-from-the-world"},
        {
            **{name: _ingress_from(*cidrs) for name, cidrs in world.items()},
            "by a patch": _ingress_from("0.0.0.0/0", type_=f"{policy}Patch"),
            "by an old version": _ingress_from("0.0.0.0/1", type_="kubernetes:extensions/v1beta1:NetworkPolicy"),
        },
    )
    yield from cases(
        "pods that reach the metadata",
        {"no-egress-to-metadata"},
        {
            "all": _egress_to({"cidr": "0.0.0.0/0"}),
            "halves": _egress_to({"cidr": "0.0.0.0/1"}, {"cidr": "128.0.0.0/1"}),
            "the link": _egress_to({"cidr": "169.254.0.0/16"}),
            "another exception": _egress_to({"cidr": "0.0.0.0/0", "except": ["169.254.169.253/32"]}),
            "IPv6": _egress_to({"cidr": "fc00::/7"}),
            "by a patch": _egress_to({"cidr": "0.0.0.0/0"}, type_=f"{policy}Patch"),
        },
    )


def harmless() -> Iterator[Case]:
    yield from cases("a pod", set(), made_in_every_way(_pod()))
    yield from cases(
        "a pod's volume",
        set(),
        {
            "emptyDir": one("kubernetes:core/v1:Pod", **_object("Pod", "v1", _volume(emptyDir={}))),
            "claim": one(
                "kubernetes:core/v1:Pod", **_object("Pod", "v1", _volume(persistentVolumeClaim={"claimName": "x"}))
            ),
            "csi": _storage("PersistentVolume", csi={"driver": "ebs.csi.aws.com", "volumeHandle": "x"}),
        },
    )
    yield from cases(
        "a patch",
        set(),
        {
            "of replicas": one(
                "kubernetes:apps/v1:DeploymentPatch", **_object("Deployment", "apps/v1", {"replicas": 3})
            ),
            "of an image": one(
                "kubernetes:apps/v1:DeploymentPatch",
                **_object(
                    "Deployment", "apps/v1", {"template": {"spec": {"containers": [{"name": "one", "image": DIGEST}]}}}
                ),
            ),
            "of labels": one("kubernetes:core/v1:NamespacePatch", metadata={"name": "x", "labels": {"team": "shop"}}),
            "to restricted": _namespace("restricted", "kubernetes:core/v1:NamespacePatch"),
            "of a role": _role("RolePatch", _rule(["configmaps"], ["get"])),
        },
    )
    yield from cases("a restricted namespace", set(), {"made so": _namespace("restricted")})
    someone = {"kind": "ServiceAccount", "name": "one", "namespace": "shop"}
    yield from cases(
        "a binding",
        set(),
        {
            "for one account": _bound("RoleBinding", "view", someone),
            "for a team": _bound("RoleBinding", "edit", _group("shop-developers")),
            "for who asks about tokens": _bound("ClusterRoleBinding", "system:auth-delegator", someone),
            "by a patch": _bound("RoleBindingPatch", "view", someone),
            "by a list": _binding_list("view", someone),
            "to a namespace's own role": one(
                f"{RBAC}RoleBinding",
                metadata={"name": "{case}", "namespace": "shop"},
                roleRef={"kind": "Role", "name": "cluster-admin"},
                subjects=[someone],
            ),
        },
    )
    own = {"matchLabels": {"shop.example.com/aggregate": "true"}}
    yield from cases(
        "a role",
        set(),
        {
            "that reads": _role("ClusterRole", _rule(["configmaps", "pods"], ["get", "list", "watch"])),
            "of its own roles": _role("ClusterRole", aggregationRule={"clusterRoleSelectors": [own]}),
            "of paths": _role("ClusterRole", {"nonResourceURLs": ["/metrics", "/healthz/*"], "verbs": ["get"]}),
            "of a subresource": _role("Role", _rule(["*/status"], ["get"])),
        },
    )
    yield from cases(
        "a network policy",
        set(),
        {
            "from the VPC": _ingress_from("10.0.0.0/8"),
            "from subnets": _ingress_from("10.0.0.0/20", "10.0.16.0/20", "fd00::/8"),
            "to the internet": _egress_to({"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}),
            "to an office": _egress_to({"cidr": "192.0.2.0/24"}),
        },
    )
    values = {"controller": {"containers": [{"name": "x", "image": "y", "securityContext": {"privileged": True}}]}}
    yield from cases(
        "what is no pod",
        set(),
        {
            "a chart's values": one("kubernetes:helm.sh/v3:Release", chart="x", values=values),
            "a schema": one(
                "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
                metadata={"name": "x"},
                spec={"versions": [{"schema": {"spec": {"containers": [{"name": "x", "hostPID": True}]}}}]},
            ),
            "a ConfigMap": one("kubernetes:core/v1:ConfigMap", metadata={"name": "x"}, data={"spec": "hostPID: true"}),
        },
    )
