"""Roles, bindings and service accounts of Kubernetes: who may do what with its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.objects import CREDENTIALS, SERVICE_ACCOUNT, WORKLOADS, name_of, namespace_of, neighbours, selects
from policies.pods import pod_spec
from policies.rule import ResourceRule, Rule, Severity, StackRule
from policies.spellings import is_patch, with_patches
from policies.stack import Resource, Stack
from policies.values import is_false, mappings, text, texts

ROLES = ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)

READING = {"get", "list", "watch"}
WRITING = {"create", "update", "patch"}
EVERYBODY = {"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"}
ALL_ACCOUNTS_OF = "system:serviceaccounts:"
"""How the group of all service accounts of a namespace begins (Kubernetes, "Authenticating", service accounts)."""
ADMINISTRATORS = {"cluster-admin", "system:kube-controller-manager", "system:kubelet-api-admin", "system:node"}
"""Roles that every cluster has and that may do everything, read every Secret or enter every pod."""
CONTROLLERS = "system:controller:"
"""How the roles of Kubernetes' own controllers begin: they make pods, delete objects or widen roles everywhere."""
EDITORS = {"admin", "edit"}
"""Roles that every cluster has for one namespace each, and that read its Secrets."""
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
OF_THE_CLUSTER: Mapping[str, Mapping[str, str]] = {
    name: {"kubernetes.io/bootstrapping": "rbac-defaults", **labels}
    for name, labels in {
        "cluster-admin": {},
        "admin": {},
        "edit": {f"{_AGGREGATE}admin": "true"},
        "system:aggregate-to-admin": {f"{_AGGREGATE}admin": "true"},
        "system:aggregate-to-edit": {f"{_AGGREGATE}edit": "true"},
    }.items()
}
"""The strong ones among the roles that every cluster has, with their labels (Kubernetes, "Using RBAC Authorization":
default roles, aggregated ClusterRoles)."""
MASTERS = "system:masters"

WEBHOOKS = {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}

PRACTICES_URL = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
ACCOUNTS_URL = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"


def _grants(role: Resource, resources: set[str], verbs: set[str]) -> Iterator[str]:
    """What a role allows of `verbs` on `resources`; wildcards are another rule's."""
    for rule in mappings(role.props, "rules"):
        granted = sorted(one for one in resources if _is_named(one, texts(rule, "resources")))
        allowed = sorted(verbs & set(texts(rule, "verbs")))
        if granted and allowed:
            yield f"it may {', '.join(allowed)} {', '.join(granted)}"


def _is_named(resource: str, written: list[str]) -> bool:
    """Whether a rule names a resource: by itself, or as `*/` and its subresource."""
    subresource = resource.partition("/")[2]
    return resource in written or bool(subresource and f"*/{subresource}" in written)


def _granting(resources: set[str], verbs: set[str]) -> Callable[[Resource], Iterator[str]]:
    return lambda role: _grants(role, resources, verbs)


def _wildcards(role: Resource) -> Iterator[str]:
    for rule in mappings(role.props, "rules"):
        for key in ("verbs", "resources", "apiGroups"):
            if "*" in texts(rule, key):
                yield f"a rule has * in {key}"
        if any(one.strip("/") == "*" for one in texts(rule, "nonResourceURLs")):
            yield "a rule has * in nonResourceURLs"


def _escalating(role: Resource) -> Iterator[str]:
    for rule in mappings(role.props, "rules"):
        verbs = sorted({"bind", "escalate", "impersonate"} & set(texts(rule, "verbs")))
        if verbs and not (verbs == ["bind"] and _binds_harmless(rule)):
            yield f"it may {', '.join(verbs)} {', '.join(texts(rule, 'resources'))}"


def _binds_harmless(rule: Mapping[str, Any]) -> bool:
    """Whether a rule lets named roles be bound, and none of the cluster's own; what these allow is judged itself."""
    names = texts(rule, "resourceNames")
    return bool(names) and not any(name in ADMINISTRATORS or name in OF_THE_CLUSTER or ":" in name for name in names)


def _aggregated(role: Resource) -> Iterator[str]:
    for selector in mappings(role.props, "aggregationRule", "clusterRoleSelectors"):
        taken = sorted(name for name, labels in OF_THE_CLUSTER.items() if selects(selector, labels))
        if taken:
            yield f"its aggregationRule takes in the rules of {', '.join(taken)}"


def _admin(binding: Resource) -> Iterator[str]:
    # A patch of a binding that every cluster has leaves its role out, and has the role's name.
    role = text(binding.props, "roleRef", "name") or (name_of(binding) if is_patch(binding) else "")
    of_the_cluster = text(binding.props, "roleRef", "kind") != "Role"
    if (role in ADMINISTRATORS or role.startswith(CONTROLLERS)) and of_the_cluster:
        yield f"it gives {role} to {', '.join(_subjects(binding)) or 'nobody yet'}"
    elif role in EDITORS and "ClusterRoleBinding" in binding.type:
        yield f"it gives {role}, and with it all Secrets, in every namespace to {', '.join(_subjects(binding))}"


def _subjects(binding: Resource) -> list[str]:
    return [text(subject, "name") for subject in mappings(binding.props, "subjects")]


def _everybody(binding: Resource) -> Iterator[str]:
    for name in _subjects(binding):
        if name in EVERYBODY or name.startswith(ALL_ACCOUNTS_OF):
            yield f"it is for {name}"


def _masters(binding: Resource) -> Iterator[str]:
    if MASTERS in _subjects(binding):
        yield f"it is for {MASTERS}"


def _own_account(workload: Resource) -> Iterator[str]:
    name = text(pod_spec(workload), "serviceAccountName") or text(pod_spec(workload), "serviceAccount")
    if name in {"", "default"}:
        yield "its pods run under the service account default"


def _account(workload: Resource) -> str:
    return text(pod_spec(workload), "serviceAccountName") or "default"


def _bound(account: str, namespace: str, stack: Stack) -> bool:
    """Whether a service account is given any role, so that its pods use the API."""
    return any(
        text(subject, "kind") == "ServiceAccount"
        and text(subject, "name") == account
        and (text(subject, "namespace") or namespace_of(binding, stack)) == namespace
        for binding in stack.of_type(*BINDINGS)
        for subject in mappings(binding.props, "subjects")
    )


def _pod_token(workload: Resource, stack: Stack) -> Iterator[str]:
    account, pod = _account(workload), pod_spec(workload)
    namespace = namespace_of(workload, stack)
    if is_false(pod, "automountServiceAccountToken") or _bound(account, namespace, stack):
        return
    made = [one for one in neighbours(workload, stack, SERVICE_ACCOUNT) if name_of(one) == account]
    unset = pod.get("automountServiceAccountToken") is None
    if not (unset and any(is_false(one.props, "automountServiceAccountToken") for one in made)):
        yield f"its pods hold a token of {account}, which has no role"


def _account_token(account: Resource, stack: Stack) -> Iterator[str]:
    if not is_false(account.props, "automountServiceAccountToken") and not _bound(
        name_of(account), namespace_of(account, stack), stack
    ):
        yield "automountServiceAccountToken is not false"


def _lasting_token(secret: Resource) -> Iterator[str]:
    if text(secret.props, "type") == "kubernetes.io/service-account-token":
        yield "it holds a token that never expires"


def _shared(workload: Resource, stack: Stack) -> Iterator[str]:
    account = _account(workload)
    for other in neighbours(workload, stack, *WORKLOADS):
        # `default` is another rule's; of a pair the later one is told of.
        if account != "default" and other.urn < workload.urn and _account(other) == account:
            yield f"it shares the service account {account} with {other.label}"


def _role_rule(**told: Any) -> ResourceRule:
    return ResourceRule(types=with_patches(*ROLES), url=PRACTICES_URL, **told)


def _binding_rule(**told: Any) -> ResourceRule:
    return ResourceRule(types=with_patches(*BINDINGS), url=PRACTICES_URL, **told)


NARROWER: Mapping[str, str] = {"remediation": "Name the resources and verbs that are used, in a Role of one namespace."}

RULES: tuple[Rule, ...] = (
    _binding_rule(
        name="no-cluster-admin-binding",
        severity=Severity.CRITICAL,
        controls=("C49",),
        frameworks=("CIS EKS 4.1.1", "Polaris clusterrolebindingClusterAdmin"),
        protects_from="Whoever gets hold of one such subject owns the cluster.",
        remediation="Bind a role with what is needed; for people use EKS access entries.",
        check=_admin,
    ),
    _binding_rule(
        name="no-binding-for-everybody",
        severity=Severity.CRITICAL,
        controls=("C49", "C10"),
        frameworks=("CIS EKS 4.1.7", "Kubernetes RBAC good practices"),
        protects_from="Anybody who reaches the endpoint, or has any account, has the role.",
        remediation="Name users, groups or service accounts.",
        check=_everybody,
    ),
    _binding_rule(
        name="no-masters-binding",
        severity=Severity.CRITICAL,
        controls=("C10",),
        frameworks=("CIS EKS 4.1.7", "EKS best practices"),
        protects_from="Members of system:masters pass by every check, and no role can take that back.",
        remediation="Use an EKS access entry with an access policy.",
        check=_masters,
    ),
    _role_rule(
        name="no-wildcard-role",
        severity=Severity.HIGH,
        controls=("C50",),
        frameworks=("CIS EKS 4.1.3", "CKV_K8S_49"),
        protects_from="The role grows with every kind of object that the cluster learns.",
        check=_wildcards,
        **NARROWER,
    ),
    _role_rule(
        name="no-administrator-by-aggregation",
        severity=Severity.CRITICAL,
        controls=("C49", "C50"),
        frameworks=("CIS EKS 4.1.1", "CIS EKS 4.1.3"),
        protects_from="A role without a single rule may do all that the cluster's own administrators may.",
        remediation="Select the roles to take in by a label of your own.",
        check=_aggregated,
    ),
    _role_rule(
        name="no-secret-reading-role",
        severity=Severity.HIGH,
        controls=("C50",),
        frameworks=("CIS EKS 4.1.2", "CKV2_K8S_5"),
        protects_from="Listing Secrets gives their contents, tokens of stronger accounts among them.",
        remediation="Mount what is needed; name single Secrets in resourceNames and allow get only, in an exception.",
        check=_granting({"secrets"}, READING),
    ),
    _role_rule(
        name="no-pod-making-role",
        severity=Severity.HIGH,
        controls=("C50",),
        frameworks=("CIS EKS 4.1.4",),
        protects_from="Whoever makes pods runs them under any account of the namespace.",
        check=_granting({"pods", "pods/exec", "pods/attach", "pods/ephemeralcontainers"}, WRITING),
        **NARROWER,
    ),
    _role_rule(
        name="no-escalating-role",
        severity=Severity.CRITICAL,
        controls=("C51",),
        frameworks=("CIS EKS 4.1.8", "CKV_K8S_158"),
        protects_from="Whoever may bind, escalate or impersonate gives himself every other right.",
        check=_escalating,
        **NARROWER,
    ),
    _role_rule(
        name="no-node-proxy-role",
        severity=Severity.HIGH,
        controls=("C51",),
        frameworks=("CIS EKS 4.1.10", "CKV2_K8S_2"),
        protects_from="The kubelet's own API runs commands in all pods of a node, past admission and audit.",
        check=_granting({"nodes/proxy"}, READING | WRITING),
        **NARROWER,
    ),
    _role_rule(
        name="no-volume-making-role",
        severity=Severity.HIGH,
        controls=("C51",),
        frameworks=("CIS EKS 4.1.9",),
        protects_from="A PersistentVolume may be any folder of a node.",
        remediation="Let claims be served by a StorageClass.",
        check=_granting({"persistentvolumes"}, {"create"}),
    ),
    _role_rule(
        name="no-webhook-writing-role",
        severity=Severity.HIGH,
        controls=("C51",),
        frameworks=("CIS EKS 4.1.11", "CKV_K8S_155"),
        protects_from="A webhook reads and changes every object that passes, Secrets too.",
        check=_granting(WEBHOOKS, WRITING),
        **NARROWER,
    ),
    _role_rule(
        name="no-token-making-role",
        severity=Severity.HIGH,
        controls=("C51",),
        frameworks=("CIS EKS 4.1.12",),
        protects_from="Whoever may make tokens acts as any service account.",
        check=_granting({"serviceaccounts/token"}, {"create"}),
        **NARROWER,
    ),
    _role_rule(
        name="no-certificate-approving-role",
        severity=Severity.HIGH,
        controls=("C51",),
        frameworks=("CKV_K8S_156",),
        protects_from="Whoever approves certificates makes himself any user.",
        check=_granting({"certificatesigningrequests/approval", "signers"}, {"update", "patch", "approve", "sign"}),
        **NARROWER,
    ),
    ResourceRule(
        name="own-service-account",
        severity=Severity.HIGH,
        types=WORKLOADS,
        controls=("C52",),
        frameworks=("CIS EKS 4.1.5", "CKV_K8S_41"),
        protects_from="A right given to one app by the default account is given to all of the namespace.",
        remediation="Make a ServiceAccount for the app and name it in serviceAccountName.",
        url=ACCOUNTS_URL,
        check=_own_account,
    ),
    StackRule(
        name="service-account-of-one-app",
        severity=Severity.MEDIUM,
        types=WORKLOADS,
        controls=("C52", "C43"),
        frameworks=("EKS best practices",),
        protects_from="A break-in at one app has the rights of the other, in the cluster and in AWS.",
        remediation="Make a ServiceAccount for each app.",
        url=ACCOUNTS_URL,
        check=_shared,
    ),
    StackRule(
        name="no-unused-token",
        severity=Severity.HIGH,
        types=WORKLOADS,
        controls=("C52",),
        frameworks=("CIS EKS 4.1.6", "CKV_K8S_38"),
        protects_from="Whoever breaks in finds a key to the API that the app never used.",
        remediation="Set automountServiceAccountToken to false on the pod, unless its account has a role.",
        url=ACCOUNTS_URL,
        check=_pod_token,
    ),
    StackRule(
        name="service-account-mounts-no-token",
        severity=Severity.MEDIUM,
        types=(SERVICE_ACCOUNT,),
        controls=("C52",),
        frameworks=("CIS EKS 4.1.6",),
        protects_from="The next pod of this account gets a token unasked.",
        remediation="Set automountServiceAccountToken to false on the ServiceAccount.",
        url=ACCOUNTS_URL,
        check=_account_token,
    ),
    ResourceRule(
        name="no-lasting-token",
        severity=Severity.HIGH,
        types=with_patches(CREDENTIALS),
        controls=("C52",),
        frameworks=("Kubernetes RBAC good practices",),
        protects_from="A token that never expires works for ever for whoever once read it.",
        remediation="Remove the Secret; ask for short-lived tokens by the TokenRequest API.",
        url=ACCOUNTS_URL,
        check=_lasting_token,
    ),
)
