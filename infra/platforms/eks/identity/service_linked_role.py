"""The service-linked role of EC2 Auto Scaling: one per account, made by the first stack that needs it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext

AUTO_SCALING_SERVICE = "autoscaling.amazonaws.com"
AUTO_SCALING_ROLE = "AWSServiceRoleForAutoScaling"
MADE_BY_TAG = "made-by-stack"


def ensure_auto_scaling_role(context: AwsContext, *, parent: pulumi.Resource) -> aws.iam.ServiceLinkedRole | None:
    """Make the role where the account has none, and keep it in the state of the stack that made it.

    A key policy that names a role which does not exist is refused, and an account that never had an Auto Scaling group
    has no such role. Where somebody else made it, nothing is to be done, and None is returned. It is never deleted: by
    then other groups of the account may run on it.
    """
    invoke = pulumi.InvokeOptions(provider=context.provider)
    found = aws.iam.get_roles(
        name_regex=f"^{AUTO_SCALING_ROLE}$", path_prefix=f"/aws-service-role/{AUTO_SCALING_SERVICE}/", opts=invoke
    )
    if found.arns and aws.iam.get_role(name=AUTO_SCALING_ROLE, opts=invoke).tags.get(MADE_BY_TAG) != context.name:
        return None
    return aws.iam.ServiceLinkedRole(
        "auto-scaling",
        aws_service_name=AUTO_SCALING_SERVICE,
        tags={MADE_BY_TAG: context.name},
        opts=pulumi.ResourceOptions(
            parent=parent,
            retain_on_delete=True,
            # After a destroy the role is still there, and comes back into the state. While it is in the state, the
            # engine sees the same id and imports nothing.
            import_=next(iter(found.arns), None),
            # An import must match what is there; AWS writes the description itself, and tags may have changed since.
            ignore_changes=["description", "tags"],
        ),
    )
