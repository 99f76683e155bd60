"""The admission policies that confine the role of labelled pull requests, as conditions in CEL.

`CONFINEMENT` judges every request of the group: RBAC cannot tell namespaces by the beginning of their name. `QUOTA`
refuses what makes pods or volumes in a namespace without a quota: the guest makes the quota, within bounds that it does
not choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.admissionregistration import v1 as admission

from infra.labels import SYSTEM_LABEL, SYSTEM_TAINT_KEY
from infra.platforms.eks.pipeline.group_roles import EPHEMERAL_GROUP, metadata
from infra.versions import KUBERNETES_MINOR

NAME = "nightowl-ephemeral"
"""Of the policy that confines the group, of the ClusterRole by which it makes namespaces, and of their bindings."""
GUEST_NAME = "nightowl-ephemeral-guest"
"""Of the ClusterRole that holds in the namespaces, and of its binding in each."""
QUOTA_POLICY = "nightowl-ephemeral-quota"
"""Of the admission policy that asks for a quota, and its binding."""
QUOTA_NAME = "quota"
"""Of the ResourceQuota of a namespace, as `infra.apps.namespace` names it."""
NAMESPACES = "^pr-[1-9][0-9]{0,6}$"
"""The namespaces of pull requests, as `infra.settings.pull_request` names them."""

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

COUNTED_KINDS: Mapping[str, Sequence[str]] = {
    "": ["persistentvolumeclaims"],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
}
"""By API group, what makes pods or says how many, and volumes."""

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
        "request.resource.resource in ['deployments', 'jobs'] ? dyn(object.spec.template.spec) : "
        "request.resource.resource == 'cronjobs' ? dyn(object.spec.jobTemplate.spec.template.spec) : dyn({})"
    ),
}
"""CEL expressions by the name under which conditions use them; each may use those before it."""


def _require(message: str, expression: str, *, of: str | None = None) -> admission.ValidationArgs:
    """Return a validation: what must hold, of a resource where it is created or updated, or else of every request."""
    if of is not None:
        expression = f"!(request.resource.resource == '{of}' && variables.isWritten) || ({expression})"
    return admission.ValidationArgs(expression=expression, message=message, reason="Forbidden")


_WITHIN_THE_MOST = " && ".join(
    f"'{what}' in variables.hard && quantity(string(variables.hard['{what}'])).compareTo(quantity('{most}')) <= 0"
    for what, most in MOST_OF_A_GUEST.items()
)

CONFINEMENT = (
    _require(
        "stacks of pull requests live in namespaces pr-<number> and touch nothing else",
        f"variables.place.matches('{NAMESPACES}')",
    ),
    _require(
        f"a namespace of a pull request enforces the restricted Pod Security Standard, version v{KUBERNETES_MINOR}",
        "object.metadata.?labels['pod-security.kubernetes.io/enforce'].orValue('') == 'restricted' && "
        f"object.metadata.?labels['pod-security.kubernetes.io/enforce-version'].orValue('') == 'v{KUBERNETES_MINOR}'",
        of="namespaces",
    ),
    _require(
        "a binding of a pull request fills its own target groups, whose names begin with its namespace",
        "object.spec.targetGroupARN.contains(':targetgroup/' + variables.place + '-')",
        of="targetgroupbindings",
    ),
    _require(
        "a Service of a pull request is reached inside the cluster only",
        "object.spec.?type.orValue('ClusterIP') == 'ClusterIP' && object.spec.?externalIPs.orValue([]).size() == 0",
        of="services",
    ),
    _require(
        "pods of a pull request have no priority over others", "variables.pod.?priorityClassName.orValue('') == ''"
    ),
    _require(
        "pods of a pull request stay off the nodes of the cluster's own controllers",
        f"variables.pod.?tolerations.orValue([]).all(t, !(t.?key.orValue('') in ['', '{SYSTEM_TAINT_KEY}'])) && "
        f"!('{SYSTEM_LABEL}' in variables.pod.?nodeSelector.orValue({{}})) && "
        "variables.pod.?nodeName.orValue('') == ''",
    ),
    _require(
        "the quota of a pull request goes with its namespace",
        "!(request.resource.resource == 'resourcequotas' && request.operation == 'DELETE')",
    ),
    _require(
        "the quota of a pull request gives at most "
        + ", ".join(f"{most} {what}" for what, most in MOST_OF_A_GUEST.items()),
        f"variables.target.metadata.name != '{QUOTA_NAME}' || "
        f"(!has(object.spec.scopes) && !has(object.spec.scopeSelector) && {_WITHIN_THE_MOST})",
        of="resourcequotas",
    ),
    _require(
        "a binding of a pull request gives the rights of a guest to the role of pull requests",
        f"object.metadata.name == '{GUEST_NAME}' && object.roleRef.kind == 'ClusterRole' && "
        f"object.roleRef.name == '{GUEST_NAME}' && object.subjects.size() == 1 && "
        f"object.subjects[0].kind == 'Group' && object.subjects[0].name == '{EPHEMERAL_GROUP}'",
        of="rolebindings",
    ),
)
"""All that is asked of a request of the group, besides the permissions of the ClusterRole."""
HAS_A_QUOTA = _require(
    f"a namespace of a pull request has the quota '{QUOTA_NAME}' before anything makes pods or volumes in it",
    "'pods' in params.spec.hard && 'requests.storage' in params.spec.hard",
)
"""What is asked of one that makes pods or volumes, by the quota of its namespace."""


def confine(parent: pulumi.Resource) -> pulumi.Resource:
    """Create the policy that judges every request of the group, and return what puts it into force."""
    return _make_policy(
        NAME,
        [_rule("*", ["*/*"], ["*"])],
        CONFINEMENT,
        variables=[admission.VariableArgs(name=name, expression=expression) for name, expression in VARIABLES.items()],
        parent=parent,
    )


def ask_for_quota(parent: pulumi.Resource) -> pulumi.Resource:
    """Create the policy that asks for a quota, and return what puts it into force."""
    return _make_policy(
        QUOTA_POLICY,
        [_rule(group, kinds, ["CREATE", "UPDATE"]) for group, kinds in COUNTED_KINDS.items()],
        [HAS_A_QUOTA],
        param_kind=admission.ParamKindArgs(api_version="v1", kind="ResourceQuota"),
        # Looked for in the namespace of the request.
        param_ref=admission.ParamRefArgs(name=QUOTA_NAME, parameter_not_found_action="Deny"),
        parent=parent,
    )


def _make_policy(
    name: str,
    rules: Sequence[admission.NamedRuleWithOperationsArgs],
    validations: Sequence[admission.ValidationArgs],
    *,
    variables: Sequence[admission.VariableArgs] | None = None,
    param_kind: admission.ParamKindArgs | None = None,
    param_ref: admission.ParamRefArgs | None = None,
    parent: pulumi.Resource,
) -> admission.ValidatingAdmissionPolicyBinding:
    options = pulumi.ResourceOptions(parent=parent)
    of_group = f"'{EPHEMERAL_GROUP}' in request.userInfo.groups"
    policy = admission.ValidatingAdmissionPolicy(
        name,
        metadata=metadata(name),
        spec=admission.ValidatingAdmissionPolicySpecArgs(
            failure_policy="Fail",
            param_kind=param_kind,
            match_constraints=admission.MatchResourcesArgs(resource_rules=rules),
            match_conditions=[admission.MatchConditionArgs(name="group", expression=of_group)],
            variables=variables,
            validations=validations,
        ),
        opts=options,
    )
    return admission.ValidatingAdmissionPolicyBinding(
        name,
        metadata=metadata(name),
        spec=admission.ValidatingAdmissionPolicyBindingSpecArgs(
            policy_name=policy.metadata.name, validation_actions=["Deny"], param_ref=param_ref
        ),
        opts=options,
    )


def _rule(group: str, kinds: Sequence[str], operations: Sequence[str]) -> admission.NamedRuleWithOperationsArgs:
    return admission.NamedRuleWithOperationsArgs(
        api_groups=[group], api_versions=["*"], operations=operations, resources=list(kinds)
    )
