"""AWS permissions for the pods of one service account, through EKS Pod Identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.iam import Document, pod_identity_trust
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import make_role


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    """Which pods, and what they may do.

    `cluster_name` is an output of the cluster, so that the association waits for it.
    `policies` become inline policies of the role, `managed_policy_arns` attachments; both are keyed by a short name.
    """

    context: AwsContext
    cluster_name: pulumi.Input[str]
    namespace: str
    service_account: str
    policies: Mapping[str, Document] = field(default_factory=dict[str, Document])
    managed_policy_arns: Mapping[str, str] = field(default_factory=dict[str, str])


class PodIdentity(pulumi.ComponentResource):
    """A role that the pods of one service account of this cluster can take, and nobody else.

    Pods get their credentials when they are admitted: one made before the association silently runs with the node's
    role. Whatever makes the pods therefore depends on `association`, which in turn waits for the role's permissions.
    """

    role: aws.iam.Role
    role_arn: pulumi.Output[str]
    association: aws.eks.PodIdentityAssociation

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:PodIdentity", name, None, opts)
        context = args.context
        permitted = make_role(
            name,
            context=context,
            trust=pod_identity_trust(
                context.account_id,
                context.region,
                context.name,
                namespace=args.namespace,
                service_account=args.service_account,
            ),
            policies=args.policies,
            managed_policy_arns=args.managed_policy_arns,
            description=f"Pods of {args.namespace}/{args.service_account} on {context.name}",
            parent=self,
        )
        self.role, self.role_arn = permitted.role, permitted.arn
        self.association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=permitted.arn,
            # Pods that start as soon as the association exists must find the role permitted already.
            opts=pulumi.ResourceOptions(parent=self, depends_on=permitted.policies),
        )
        self.register_outputs({"role_arn": permitted.arn})
