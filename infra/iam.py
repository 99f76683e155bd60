"""IAM policies as plain data: pure functions, readable and testable without Pulumi.

Where a statement holds ids that are known only after something was made, the document is rendered by
`pulumi.Output.json_dumps`; where all is known, `json.dumps` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pulumi

Document = dict[str, Any]
"""An IAM policy document: `{"Version": ..., "Statement": [...]}`. Strings in it may be outputs."""
NAMESPACE_TAG = "aws:RequestTag/kubernetes-namespace"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy.

    `principals` is for trust and resource policies, `resources` for all but trust policies. `conditions` maps an
    operator to its keys and values (`{"StringEquals": {"aws:SourceAccount": "123456789012"}}`). `not_actions`, in place
    of `actions`, stands for all but those.
    """

    sid: str
    actions: Sequence[str] = ()
    not_actions: Sequence[str] = ()
    resources: Sequence[pulumi.Input[str]] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Sequence[pulumi.Input[str]]] = field(default_factory=dict[str, Sequence[str]])
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


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
    account_id: str, region: str, cluster_name: str, *, namespace: str, service_account: str, partition: str = "aws"
) -> Document:
    """Let the pods of one service account of one cluster take a role, through EKS Pod Identity.

    The conditions are on the session tags that Pod Identity always sends (EKS user guide, "Create IAM role with trust
    policy required by EKS Pod Identity" and "Enable or disable session tags"): the cluster's ARN holds account and
    region. An association made by mistake, elsewhere or for another service account, cannot use the role.

    `namespace` may be a pattern (`pr-*`), for the service accounts of that name in every namespace that fits it.
    """
    tags = {
        "aws:SourceAccount": account_id,
        "aws:RequestTag/eks-cluster-arn": f"arn:{partition}:eks:{region}:{account_id}:cluster/{cluster_name}",
        NAMESPACE_TAG: namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    conditions = {"StringEquals": tags}
    if "*" in namespace:
        conditions["StringLike"] = {NAMESPACE_TAG: tags.pop(NAMESPACE_TAG)}
    return policy_document(
        Statement(
            sid="PodsTakeRole",
            actions=["sts:AssumeRole", "sts:TagSession"],
            principals={"Service": ["pods.eks.amazonaws.com"]},
            conditions=conditions,
        )
    )


def _rendered(statement: Statement) -> Document:
    elements: Document = {
        "Principal": {kind: list(names) for kind, names in statement.principals.items()},
        "NotAction": list(statement.not_actions),
        "Action": list(statement.actions),
        "Resource": list(statement.resources),
        "Condition": {operator: dict(keys) for operator, keys in statement.conditions.items()},
    }
    present = {name: value for name, value in elements.items() if value}
    return {"Sid": statement.sid, "Effect": statement.effect, **present}
