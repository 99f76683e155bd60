"""IAM policies as plain data: pure functions, readable and testable without Pulumi.

Where a statement holds ids that are known only after something was made, the document is rendered by
`pulumi.Output.json_dumps`; where all is known, `json.dumps` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pulumi

Document = dict[str, Any]
"""An IAM policy document: `{"Version": ..., "Statement": [...]}`. Strings in it may be outputs."""
Conditions = Mapping[str, Mapping[str, Any]]
"""Operator, key, values: `{"StringEquals": {"aws:SourceAccount": "123456789012"}}`."""
NAMESPACE_TAG = "aws:RequestTag/kubernetes-namespace"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy.

    `principals` is for trust and resource policies, `resources` for all but trust policies. `not_actions`, in place of
    `actions`, stands for all but those.
    """

    sid: str
    actions: Sequence[str] = ()
    not_actions: Sequence[str] = ()
    resources: Sequence[pulumi.Input[str]] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Sequence[pulumi.Input[str]]] = field(default_factory=dict[str, Sequence[str]])
    conditions: Conditions = field(default_factory=dict[str, Mapping[str, Any]])


def actions(names: str) -> tuple[str, ...]:
    """Return the actions of a text such as `ec2:CreateVpc DeleteVpc kms:Decrypt`: a service holds until the next."""
    found: list[str] = []
    for name in names.split():
        found.append(name if ":" in name or name == "*" else f"{found[-1].partition(':')[0]}:{name}")
    return tuple(found)


def allow(
    sid: str,
    names: str,
    *resources: pulumi.Input[str],
    when: Conditions | None = None,
    to: Mapping[str, Sequence[pulumi.Input[str]]] | None = None,
) -> Statement:
    """Allow actions (a text as `actions` reads it) on `resources`, or on everything; `to` are the principals."""
    return Statement(
        sid=sid, actions=actions(names), resources=resources or ("*",), principals=to or {}, conditions=when or {}
    )


def deny(sid: str, names: str, *resources: str, when: Conditions | None = None) -> Statement:
    """Refuse actions on `resources`, or on everything."""
    return replace(allow(sid, names, *resources, when=when), effect="Deny")


def deny_all_but(sid: str, names: str, *resources: str, when: Conditions | None = None) -> Statement:
    """Refuse every action but those named on `resources`, or on everything."""
    return replace(deny(sid, names, *resources, when=when), actions=(), not_actions=actions(names))


def policy_document(*statements: Statement) -> Document:
    """Put statements together to a document."""
    return {"Version": "2012-10-17", "Statement": [_rendered(statement) for statement in statements]}


def service_trust(
    service: str,
    *,
    account_id: str | None = None,
    source_arn: str | None = None,
    actions: Sequence[str] = ("sts:AssumeRole",),
) -> Document:
    """Let an AWS service (`vpc-flow-logs.amazonaws.com`) take a role.

    `account_id` and `source_arn` (wildcards allowed) are the confused-deputy conditions: the service must act for that
    account and that resource. Leave them out only for a service that sends neither, such as EC2.
    """
    conditions: dict[str, dict[str, str]] = {}
    if account_id is not None:
        conditions["StringEquals"] = {"aws:SourceAccount": account_id}
    if source_arn is not None:
        conditions["ArnLike"] = {"aws:SourceArn": source_arn}
    return policy_document(
        Statement(sid="ServiceTakesRole", actions=actions, principals={"Service": [service]}, conditions=conditions)
    )


def pod_identity_trust(
    account_id: str, region: str, cluster_name: str, *, namespace: str, service_account: str
) -> Document:
    """Let the pods of one service account of one cluster take a role, through EKS Pod Identity.

    `namespace` may be a pattern (`pr-*`), for the service accounts of that name in all namespaces that fit it.

    The conditions are on the session tags that Pod Identity always sends (EKS user guide, "Create IAM role with trust
    policy required by EKS Pod Identity" and "Enable or disable session tags"): the cluster's ARN holds account and
    region. An association made by mistake, elsewhere or for another service account, cannot use the role.
    """
    exact = {
        "aws:SourceAccount": account_id,
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:{region}:{account_id}:cluster/{cluster_name}",
        NAMESPACE_TAG: namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    conditions = {"StringEquals": exact}
    if "*" in namespace:
        conditions["StringLike"] = {NAMESPACE_TAG: exact.pop(NAMESPACE_TAG)}
    return policy_document(
        Statement(
            sid="PodsTakeRole",
            actions=["sts:AssumeRole", "sts:TagSession"],
            principals={"Service": ["pods.eks.amazonaws.com"]},
            conditions=conditions,
        )
    )


def _rendered(statement: Statement) -> Document:
    document: Document = {"Sid": statement.sid, "Effect": statement.effect}
    if statement.principals:
        document["Principal"] = {kind: list(names) for kind, names in statement.principals.items()}
    if statement.not_actions:
        document["NotAction"] = list(statement.not_actions)
    else:
        document["Action"] = list(statement.actions)
    if statement.resources:
        document["Resource"] = list(statement.resources)
    if statement.conditions:
        document["Condition"] = {operator: dict(keys) for operator, keys in statement.conditions.items()}
    return document
