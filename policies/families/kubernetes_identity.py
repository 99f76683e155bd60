"""Roles, bindings and service accounts of Kubernetes: who may do what with its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.values import is_false, mappings, text, texts
from policies.facts.index import indexed
from policies.facts.objects import (
    SECRET,
    SERVICE_ACCOUNT,
    WORKLOADS,
    labels_of,
    name_of,
    namespace_of,
    neighbours,
    selects,
)
from policies.facts.pods import pod_spec
from policies.facts.spellings import is_patch, with_patches
from policies.facts.stack import Resource, Stack
from policies.rule import CRITICAL, HIGH, MEDIUM, Family, Messages

ROLES = ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
ROLE_SPELLINGS = with_patches(*ROLES)
BINDING_SPELLINGS = with_patches(*BINDINGS)

READING = {"get", "list", "watch"}
WRITING = {"create", "update", "patch"}
APP_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
"""Say which app an object is a part of (Kubernetes, "Recommended Labels")."""
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

family = Family(
    "Identity in Kubernetes", __doc__, url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
)


def _grants(role: Resource, resources: set[str], verbs: set[str]) -> Messages:
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


@family.rule("no-wildcard-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.3", "CKV_K8S_49")
def _wildcards(role: Resource) -> Messages:
    """The role grows with every kind of object that the cluster learns.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    for rule in mappings(role.props, "rules"):
        for key in ("verbs", "resources", "apiGroups"):
            if "*" in texts(rule, key):
                yield f"a rule has * in {key}"
        if any(one.strip("/") == "*" for one in texts(rule, "nonResourceURLs")):
            yield "a rule has * in nonResourceURLs"


@family.rule("no-escalating-role", CRITICAL, ROLE_SPELLINGS, "CIS EKS 4.1.8", "CKV_K8S_158")
def _escalating(role: Resource) -> Messages:
    """Whoever may bind, escalate or impersonate gives himself every other right.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    for rule in mappings(role.props, "rules"):
        verbs = sorted({"bind", "escalate", "impersonate"} & set(texts(rule, "verbs")))
        if verbs and not (verbs == ["bind"] and _binds_harmless(rule)):
            yield f"it may {', '.join(verbs)} {', '.join(texts(rule, 'resources'))}"


def _binds_harmless(rule: Mapping[str, Any]) -> bool:
    """Whether a rule lets named roles be bound, and none of the cluster's own; what these allow is judged itself."""
    names = texts(rule, "resourceNames")
    return bool(names) and not any(name in ADMINISTRATORS or name in OF_THE_CLUSTER or ":" in name for name in names)


@family.rule("no-administrator-by-aggregation", CRITICAL, ROLE_SPELLINGS, "CIS EKS 4.1.1", "CIS EKS 4.1.3")
def _aggregated(role: Resource) -> Messages:
    """A role without a single rule may do all that the cluster's own administrators may.

    Select the roles to take in by a label of your own.
    """
    for selector in mappings(role.props, "aggregationRule", "clusterRoleSelectors"):
        taken = sorted(name for name, labels in OF_THE_CLUSTER.items() if selects(selector, labels))
        if taken:
            yield f"its aggregationRule takes in the rules of {', '.join(taken)}"


@family.rule(
    "no-cluster-admin-binding", CRITICAL, BINDING_SPELLINGS, "CIS EKS 4.1.1", "Polaris clusterrolebindingClusterAdmin"
)
def _admin(binding: Resource) -> Messages:
    """Whoever gets hold of one such subject owns the cluster.

    Bind a role with what is needed; for people use EKS access entries.
    """
    # A patch of a binding that every cluster has leaves its role out, and has the role's name.
    role = text(binding.props, "roleRef", "name") or (name_of(binding) if is_patch(binding) else "")
    of_the_cluster = text(binding.props, "roleRef", "kind") != "Role"
    if (role in ADMINISTRATORS or role.startswith(CONTROLLERS)) and of_the_cluster:
        yield f"it gives {role} to {', '.join(_subjects(binding)) or 'nobody yet'}"
    elif role in EDITORS and "ClusterRoleBinding" in binding.type:
        yield f"it gives {role}, and with it all Secrets, in every namespace to {', '.join(_subjects(binding))}"


def _subjects(binding: Resource) -> list[str]:
    return [text(subject, "name") for subject in mappings(binding.props, "subjects")]


@family.rule("no-binding-for-everybody", CRITICAL, BINDING_SPELLINGS, "CIS EKS 4.1.7", "Kubernetes RBAC good practices")
def _everybody(binding: Resource) -> Messages:
    """Anybody who reaches the endpoint, or has any account, has the role.

    Name users, groups or service accounts.
    """
    for name in _subjects(binding):
        if name in EVERYBODY or name.startswith(ALL_ACCOUNTS_OF):
            yield f"it is for {name}"


@family.rule("no-masters-binding", CRITICAL, BINDING_SPELLINGS, "CIS EKS 4.1.7", "EKS best practices")
def _masters(binding: Resource) -> Messages:
    """Members of system:masters pass by every check, and no role can take that back.

    Use an EKS access entry with an access policy.
    """
    if MASTERS in _subjects(binding):
        yield f"it is for {MASTERS}"


@family.rule("own-service-account", HIGH, WORKLOADS, "CIS EKS 4.1.5", "CKV_K8S_41")
def _own_account(workload: Resource) -> Messages:
    """A right given to one app by the default account is given to all of the namespace.

    Make a ServiceAccount for the app and name it in serviceAccountName.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
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


@family.stack_rule("no-unused-token", HIGH, WORKLOADS, "CIS EKS 4.1.6", "CKV_K8S_38")
def _pod_token(workload: Resource, stack: Stack) -> Messages:
    """Whoever breaks in finds a key to the API that the app never used.

    Set automountServiceAccountToken to false on the pod, unless its account has a role.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
    account, pod = _account(workload), pod_spec(workload)
    namespace = namespace_of(workload, stack)
    if is_false(pod, "automountServiceAccountToken") or _bound(account, namespace, stack):
        return
    made = [one for one in neighbours(workload, stack, SERVICE_ACCOUNT) if name_of(one) == account]
    unset = pod.get("automountServiceAccountToken") is None
    if not (unset and any(is_false(one.props, "automountServiceAccountToken") for one in made)):
        yield f"its pods hold a token of {account}, which has no role"


@family.stack_rule("service-account-mounts-no-token", MEDIUM, SERVICE_ACCOUNT, "CIS EKS 4.1.6")
def _account_token(account: Resource, stack: Stack) -> Messages:
    """The next pod of this account gets a token unasked.

    Set automountServiceAccountToken to false on the ServiceAccount.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
    mounted = not is_false(account.props, "automountServiceAccountToken")
    if mounted and not _bound(name_of(account), namespace_of(account, stack), stack):
        yield "automountServiceAccountToken is not false"


@family.rule("no-lasting-token", HIGH, with_patches(SECRET), "Kubernetes RBAC good practices")
def _lasting_token(secret: Resource) -> Messages:
    """A token that never expires works for ever for whoever once read it.

    Remove the Secret; ask for short-lived tokens by the TokenRequest API.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
    if text(secret.props, "type") == "kubernetes.io/service-account-token":
        yield "it holds a token that never expires"


def _same_app(workload: Resource, other: Resource) -> bool:
    """Whether both are parts of one app by Kubernetes' recommended labels, as a Job that prepares it is."""
    own, its = ([text(labels_of(one), key) for key in APP_LABELS] for one in (workload, other))
    return bool(own[0]) and own == its


def _accounts(workload: Resource, _: Stack) -> list[str]:
    return [_account(workload)]


@family.stack_rule("service-account-of-one-app", MEDIUM, WORKLOADS, "EKS best practices")
def _shared(workload: Resource, stack: Stack) -> Messages:
    """A break-in at one app has the rights of the other, in the cluster and in AWS.

    Make a ServiceAccount for each app.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
    """
    account = _account(workload)
    index = indexed(stack, namespace_of(workload, stack), WORKLOADS, _accounts)
    for other in index.get(account):
        # `default` is another rule's; of a pair the later one is at fault.
        shares = account != "default" and other.urn < workload.urn and _account(other) == account
        if shares and not _same_app(workload, other):
            yield f"it shares the service account {account} with {other.label}"


@family.rule("no-secret-reading-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.2", "CKV2_K8S_5")
def _no_secret_reading_role(role: Resource) -> Messages:
    """Listing Secrets gives their contents, tokens of stronger accounts among them.

    Mount what is needed; name single Secrets in resourceNames and allow get only, in an exception.
    """
    return _grants(role, {"secrets"}, READING)


@family.rule("no-pod-making-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.4")
def _no_pod_making_role(role: Resource) -> Messages:
    """Whoever makes pods runs them under any account of the namespace.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    return _grants(role, {"pods", "pods/exec", "pods/attach", "pods/ephemeralcontainers"}, WRITING)


@family.rule("no-node-proxy-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.10", "CKV2_K8S_2")
def _no_node_proxy_role(role: Resource) -> Messages:
    """The kubelet's own API runs commands in all pods of a node, past admission and audit.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    return _grants(role, {"nodes/proxy"}, READING | WRITING)


@family.rule("no-volume-making-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.9")
def _no_volume_making_role(role: Resource) -> Messages:
    """A PersistentVolume may be any folder of a node.

    Let claims be served by a StorageClass.
    """
    return _grants(role, {"persistentvolumes"}, {"create"})


@family.rule("no-webhook-writing-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.11", "CKV_K8S_155")
def _no_webhook_writing_role(role: Resource) -> Messages:
    """A webhook reads and changes every object that passes, Secrets too.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    return _grants(role, WEBHOOKS, WRITING)


@family.rule("no-token-making-role", HIGH, ROLE_SPELLINGS, "CIS EKS 4.1.12")
def _no_token_making_role(role: Resource) -> Messages:
    """Whoever may make tokens acts as any service account.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    return _grants(role, {"serviceaccounts/token"}, {"create"})


@family.rule("no-certificate-approving-role", HIGH, ROLE_SPELLINGS, "CKV_K8S_156")
def _no_certificate_approving_role(role: Resource) -> Messages:
    """Whoever approves certificates makes himself any user.

    Name the resources and verbs that are used, in a Role of one namespace.
    """
    return _grants(role, {"certificatesigningrequests/approval", "signers"}, {"update", "patch", "approve", "sign"})
