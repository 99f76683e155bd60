"""What the role of labelled pull requests may do in the cluster: everything that a guest is made of, in `pr-*` only.

Kubernetes' own permissions (RBAC) cannot tell namespaces by the beginning of their name. So the group may make
namespaces, and in each a binding that gives it what a guest is made of; an admission policy says in which, and that the
binding is this one. So it reads nothing of a namespace that is no pull request's. A second policy refuses what makes
pods or volumes where there is no quota: the guest makes it, within bounds that it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import PART_OF, PART_OF_LABEL
from infra.platforms.eks.nodes.placement import SYSTEM_LABEL, SYSTEM_TAINT
from infra.versions import KUBERNETES_MINOR

GROUP = "nightowl:ephemeral"
"""The Kubernetes group of the role's access entry."""

NAME = "nightowl-ephemeral"
"""Of the ClusterRole by which namespaces are made, the admission policy, and their bindings."""

GUEST_NAME = "nightowl-ephemeral-guest"
"""Of the ClusterRole that holds in the namespaces, and of its binding in each."""

QUOTA_NAME = "quota"
"""Of the ResourceQuota of a namespace, as `infra.apps.namespace` names it."""
MOST_OF_A_GUEST: Mapping[str, str] = {
    "pods": "40",
    "requests.cpu": "8",
    "requests.memory": "16Gi",
    "limits.memory": "16Gi",
    "persistentvolumeclaims": "20",
    "requests.storage": "100Gi",
}
"""The most that the quota of a pull request may give: two nodes of the smallest kind for apps, or less, and disks for
about 10 $ a month (gp3, 0.095 $ a GB in eu-central-1)."""

MADE_KINDS: Mapping[str, Sequence[str]] = {
    "": [
        "configmaps",
        "limitranges",
        "persistentvolumeclaims",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
    "networking.k8s.io": ["networkpolicies"],
    "policy": ["poddisruptionbudgets"],
    "secrets-store.csi.x-k8s.io": ["secretproviderclasses"],
}
"""By API group, what `infra.apps` and `infra.platforms.guest.platform` make."""

WATCHED_KINDS: Mapping[str, Sequence[str]] = {
    "": ["endpoints", "events", "pods", "replicationcontrollers"],
    "apps": ["replicasets"],
    "batch": ["jobs"],
    "discovery.k8s.io": ["endpointslices"],
}
"""What the Kubernetes provider looks at while it waits for Deployments and Services (pulumi-kubernetes,
provider/pkg/await)."""

COUNTED_KINDS: Mapping[str, Sequence[str]] = {
    "": ["persistentvolumeclaims"],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs"],
}
"""By API group, what makes pods or says how many, and volumes."""
QUOTA_POLICY = "nightowl-ephemeral-quota"
"""Of the admission policy that asks for a quota, and its binding."""

WRITE_VERBS = ["create", "delete", "patch", "update"]
READ_VERBS = ["get", "list", "watch"]

NAMESPACES = "^pr-[1-9][0-9]{0,6}$"
"""The namespaces of pull requests, as `infra.settings.pull_request` names them."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What every request of the group must fulfil (a CEL expression), and what it is told otherwise."""

    expression: str
    message: str


VARIABLES: Mapping[str, str] = {
    # A deletion has no new object.
    "target": "request.operation == 'DELETE' ? oldObject : object",
    "isNamespace": "request.resource.group == '' && request.resource.resource == 'namespaces'",
    "isWritten": "request.operation in ['CREATE', 'UPDATE']",
    "place": "variables.isNamespace ? variables.target.metadata.name : request.?namespace.orValue('')",
    "hard": (
        "request.resource.resource == 'resourcequotas' && variables.isWritten && has(object.spec.hard) "
        "? dyn(object.spec.hard) : dyn({})"
    ),
    "pod": (
        "!variables.isWritten ? dyn({}) : "
        "request.resource.resource == 'deployments' ? dyn(object.spec.template.spec) : "
        "request.resource.resource == 'cronjobs' ? dyn(object.spec.jobTemplate.spec.template.spec) : dyn({})"
    ),
}
"""CEL expressions by the name under which conditions use them; each may use those before it."""

CONDITIONS = (
    Condition(
        expression=f"variables.place.matches('{NAMESPACES}')",
        message="stacks of pull requests live in namespaces pr-<number> and touch nothing else",
    ),
    Condition(
        expression=(
            "!variables.isNamespace || !variables.isWritten || "
            "(object.metadata.?labels['pod-security.kubernetes.io/enforce'].orValue('') == 'restricted' && "
            "object.metadata.?labels['pod-security.kubernetes.io/enforce-version'].orValue('') == "
            f"'v{KUBERNETES_MINOR}')"
        ),
        message=(
            f"a namespace of a pull request enforces the restricted Pod Security Standard, version v{KUBERNETES_MINOR}"
        ),
    ),
    Condition(
        expression=(
            "!(request.resource.resource == 'targetgroupbindings' && variables.isWritten) || "
            "object.spec.targetGroupARN.contains(':targetgroup/' + variables.place + '-')"
        ),
        message="a binding of a pull request fills its own target groups, whose names begin with its namespace",
    ),
    Condition(
        expression=(
            "!(request.resource.resource == 'services' && variables.isWritten) || "
            "(object.spec.?type.orValue('ClusterIP') == 'ClusterIP' && "
            "object.spec.?externalIPs.orValue([]).size() == 0)"
        ),
        message="a Service of a pull request is reached inside the cluster only",
    ),
    Condition(
        expression="variables.pod.?priorityClassName.orValue('') == ''",
        message="pods of a pull request have no priority over others",
    ),
    Condition(
        expression=(
            f"variables.pod.?tolerations.orValue([]).all(t, !(t.?key.orValue('') in ['', '{SYSTEM_TAINT.key}'])) && "
            f"!('{SYSTEM_LABEL}' in variables.pod.?nodeSelector.orValue({{}})) && "
            "variables.pod.?nodeName.orValue('') == ''"
        ),
        message="pods of a pull request stay off the nodes of the cluster's own controllers",
    ),
    Condition(
        expression="!(request.resource.resource == 'resourcequotas' && request.operation == 'DELETE')",
        message="the quota of a pull request goes with its namespace",
    ),
    Condition(
        expression=(
            f"!(request.resource.resource == 'resourcequotas' && variables.isWritten && "
            f"variables.target.metadata.name == '{QUOTA_NAME}') || "
            "(!has(object.spec.scopes) && !has(object.spec.scopeSelector) && "
            + " && ".join(
                f"'{what}' in variables.hard && quantity(string(variables.hard['{what}']))"
                f".compareTo(quantity('{most}')) <= 0"
                for what, most in MOST_OF_A_GUEST.items()
            )
            + ")"
        ),
        message="the quota of a pull request gives at most "
        + ", ".join(f"{most} {what}" for what, most in MOST_OF_A_GUEST.items()),
    ),
    Condition(
        expression=(
            "!(request.resource.resource == 'rolebindings' && variables.isWritten) || "
            f"(object.metadata.name == '{GUEST_NAME}' && object.roleRef.kind == 'ClusterRole' && "
            f"object.roleRef.name == '{GUEST_NAME}' && object.subjects.size() == 1 && "
            f"object.subjects[0].kind == 'Group' && object.subjects[0].name == '{GROUP}')"
        ),
        message="a binding of a pull request gives the rights of a guest to the role of pull requests",
    ),
)
"""All that is asked of a request, besides the permissions of the ClusterRole."""
HAS_A_QUOTA = Condition(
    expression="'pods' in params.spec.hard && 'requests.storage' in params.spec.hard",
    message=f"a namespace of a pull request has the quota '{QUOTA_NAME}' before anything makes pods or volumes in it",
)
"""What is asked of one that makes pods or volumes, by the quota of its namespace."""


class EphemeralAccess(pulumi.ComponentResource):
    """The permissions of the group `nightowl:ephemeral`, and the admission policies that confine it.

    It is the same in every cluster; the group gets its member by the access entry of the role.
    The permissions wait for the policy: they are never without it, when made and when unmade.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:EphemeralAccess", name, None, opts)
        confinement = self._make_policy(
            NAME,
            rules=[_rule(groups=["*"], kinds=["*/*"], operations=["*"])],
            variables=[
                k8s.admissionregistration.v1.VariableArgs(name=variable, expression=expression)
                for variable, expression in VARIABLES.items()
            ],
            conditions=CONDITIONS,
        )
        quota = self._make_policy(
            QUOTA_POLICY,
            rules=[
                _rule(groups=[group], kinds=list(kinds), operations=["CREATE", "UPDATE"])
                for group, kinds in COUNTED_KINDS.items()
            ],
            conditions=[HAS_A_QUOTA],
            param_kind=k8s.admissionregistration.v1.ParamKindArgs(api_version="v1", kind="ResourceQuota"),
            # Looked for in the namespace of the request.
            param_ref=k8s.admissionregistration.v1.ParamRefArgs(name=QUOTA_NAME, parameter_not_found_action="Deny"),
        )
        self._make_permissions([confinement, quota])
        self.register_outputs({})

    def _make_policy(
        self,
        name: str,
        *,
        rules: Sequence[k8s.admissionregistration.v1.NamedRuleWithOperationsArgs],
        conditions: Sequence[Condition],
        variables: Sequence[k8s.admissionregistration.v1.VariableArgs] | None = None,
        param_kind: k8s.admissionregistration.v1.ParamKindArgs | None = None,
        param_ref: k8s.admissionregistration.v1.ParamRefArgs | None = None,
    ) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding:
        """Create a policy for requests of the group, and return the binding that puts it into force."""
        options = pulumi.ResourceOptions(parent=self)
        policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            name,
            metadata=_meta(name),
            spec=k8s.admissionregistration.v1.ValidatingAdmissionPolicySpecArgs(
                failure_policy="Fail",
                param_kind=param_kind,
                match_constraints=k8s.admissionregistration.v1.MatchResourcesArgs(resource_rules=rules),
                match_conditions=[_of_group()],
                variables=variables,
                validations=[
                    k8s.admissionregistration.v1.ValidationArgs(
                        expression=condition.expression, message=condition.message, reason="Forbidden"
                    )
                    for condition in conditions
                ],
            ),
            opts=options,
        )
        return k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            name,
            metadata=_meta(name),
            spec=k8s.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpecArgs(
                policy_name=policy.metadata.name, validation_actions=["Deny"], param_ref=param_ref
            ),
            opts=options,
        )

    def _make_permissions(self, confinement: Sequence[pulumi.Resource]) -> None:
        guest = k8s.rbac.v1.ClusterRole(
            GUEST_NAME, metadata=_meta(GUEST_NAME), rules=list(permissions()), opts=pulumi.ResourceOptions(parent=self)
        )
        role = k8s.rbac.v1.ClusterRole(
            NAME, metadata=_meta(NAME), rules=list(cluster_permissions()), opts=pulumi.ResourceOptions(parent=self)
        )
        k8s.rbac.v1.ClusterRoleBinding(
            NAME,
            metadata=_meta(NAME),
            role_ref=k8s.rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role.metadata.name
            ),
            subjects=[k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=GROUP)],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*confinement, guest]),
        )


def guest_binding(namespace: pulumi.Input[str], *, parent: pulumi.Resource) -> k8s.rbac.v1.RoleBinding:
    """Create what gives the group its rights in a namespace that it has made: the first object in there."""
    return k8s.rbac.v1.RoleBinding(
        GUEST_NAME,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=GUEST_NAME, namespace=namespace, labels={PART_OF_LABEL: PART_OF}),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=GUEST_NAME),
        subjects=[k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=GROUP)],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def cluster_permissions() -> Sequence[k8s.rbac.v1.PolicyRuleArgs]:
    """Return the rules that hold in the whole cluster: namespaces, and in each the binding of a guest's rights."""
    return [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["namespaces"], verbs=[*READ_VERBS, *WRITE_VERBS]),
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=["rbac.authorization.k8s.io"], resources=["rolebindings"], verbs=["create"]
        ),
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=["rbac.authorization.k8s.io"],
            resources=["rolebindings"],
            resource_names=[GUEST_NAME],
            verbs=["delete", "get", "patch", "update"],
        ),
        # Else it could bind only what it has itself, in the whole cluster.
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=["rbac.authorization.k8s.io"],
            resources=["clusterroles"],
            resource_names=[GUEST_NAME],
            verbs=["bind"],
        ),
    ]


def permissions() -> Sequence[k8s.rbac.v1.PolicyRuleArgs]:
    """Return the rules that hold in a guest's namespace: what it is made of, and what is watched meanwhile."""
    made = [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(kinds), verbs=[*READ_VERBS, *WRITE_VERBS])
        for group, kinds in MADE_KINDS.items()
    ]
    watched = [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(kinds), verbs=READ_VERBS)
        for group, kinds in WATCHED_KINDS.items()
    ]
    return [*made, *watched]


def _rule(
    *, groups: Sequence[str], kinds: Sequence[str], operations: Sequence[str]
) -> k8s.admissionregistration.v1.NamedRuleWithOperationsArgs:
    return k8s.admissionregistration.v1.NamedRuleWithOperationsArgs(
        api_groups=groups, api_versions=["*"], operations=operations, resources=kinds
    )


def _of_group() -> k8s.admissionregistration.v1.MatchConditionArgs:
    return k8s.admissionregistration.v1.MatchConditionArgs(
        name="group", expression=f"'{GROUP}' in request.userInfo.groups"
    )


def _meta(name: str) -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(name=name, labels={PART_OF_LABEL: PART_OF})
