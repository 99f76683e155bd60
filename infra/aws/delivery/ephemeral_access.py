"""What the role of labelled pull requests may do in the cluster: everything that a guest is made of, in `pr-*` only.

Kubernetes' own permissions (RBAC) cannot tell namespaces by the beginning of their name. So a ClusterRole says what may
be made, and an admission policy says where. The policy judges writes; what the role may read, it reads in every
namespace. Secrets are not among that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import PART_OF, PART_OF_LABEL
from infra.versions import KUBERNETES_MINOR

GROUP = "nightowl:ephemeral"
"""The Kubernetes group of the role's access entry."""

NAME = "nightowl-ephemeral"
"""Of the ClusterRole, the admission policy, and their bindings."""

MADE_KINDS: Mapping[str, Sequence[str]] = {
    "": [
        "configmaps",
        "limitranges",
        "namespaces",
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
"""By API group, what `infra.apps` and `infra.aws.guest` make."""

WATCHED_KINDS: Mapping[str, Sequence[str]] = {
    "": ["endpoints", "events", "pods", "replicationcontrollers"],
    "apps": ["replicasets"],
    "batch": ["jobs"],
    "discovery.k8s.io": ["endpointslices"],
}
"""What the Kubernetes provider looks at while it waits for Deployments and Services (pulumi-kubernetes,
provider/pkg/await)."""

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
)
"""All that is asked of a request, besides the permissions of the ClusterRole."""


class EphemeralAccess(pulumi.ComponentResource):
    """The permissions of the group `nightowl:ephemeral`, and the admission policy that confines it.

    It is the same in every cluster; the group gets its member by the access entry of the role.
    The permissions wait for the policy: they are never without it, when made and when unmade.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:aws:EphemeralAccess", name, None, opts)
        confinement = self._make_binding(self._make_policy())
        self._make_permissions(confinement)
        self.register_outputs({})

    def _make_policy(self) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicy:
        return k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            NAME,
            metadata=_meta(),
            spec=k8s.admissionregistration.v1.ValidatingAdmissionPolicySpecArgs(
                failure_policy="Fail",
                match_constraints=k8s.admissionregistration.v1.MatchResourcesArgs(
                    resource_rules=[
                        k8s.admissionregistration.v1.NamedRuleWithOperationsArgs(
                            api_groups=["*"], api_versions=["*"], operations=["*"], resources=["*/*"]
                        )
                    ]
                ),
                match_conditions=[
                    k8s.admissionregistration.v1.MatchConditionArgs(
                        name="group", expression=f"'{GROUP}' in request.userInfo.groups"
                    )
                ],
                variables=[
                    k8s.admissionregistration.v1.VariableArgs(name=name, expression=expression)
                    for name, expression in VARIABLES.items()
                ],
                validations=[
                    k8s.admissionregistration.v1.ValidationArgs(
                        expression=condition.expression, message=condition.message, reason="Forbidden"
                    )
                    for condition in CONDITIONS
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_binding(
        self, policy: k8s.admissionregistration.v1.ValidatingAdmissionPolicy
    ) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding:
        return k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            NAME,
            metadata=_meta(),
            spec=k8s.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpecArgs(
                policy_name=policy.metadata.name, validation_actions=["Deny"]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_permissions(self, confinement: pulumi.Resource) -> None:
        role = k8s.rbac.v1.ClusterRole(
            NAME, metadata=_meta(), rules=list(permissions()), opts=pulumi.ResourceOptions(parent=self)
        )
        k8s.rbac.v1.ClusterRoleBinding(
            NAME,
            metadata=_meta(),
            role_ref=k8s.rbac.v1.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role.metadata.name
            ),
            subjects=[k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=GROUP)],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[confinement]),
        )


def permissions() -> Sequence[k8s.rbac.v1.PolicyRuleArgs]:
    """Tell the rules of the ClusterRole: what a guest is made of, and what is watched meanwhile."""
    made = [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(kinds), verbs=[*READ_VERBS, *WRITE_VERBS])
        for group, kinds in MADE_KINDS.items()
    ]
    watched = [
        k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=list(kinds), verbs=READ_VERBS)
        for group, kinds in WATCHED_KINDS.items()
    ]
    return [*made, *watched]


def _meta() -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(name=NAME, labels={PART_OF_LABEL: PART_OF})
