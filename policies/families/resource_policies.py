"""Policies of resources: who in the world may use a bucket, a key, a queue or a secret."""

from __future__ import annotations

from policies.facts.iam import statements
from policies.facts.spellings import RESOURCE_POLICY
from policies.facts.stack import Resource
from policies.rule import CRITICAL, Family, Messages

family = Family(
    "Resource policies",
    __doc__,
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)


@family.rule(
    "resource-policy-names-callers",
    CRITICAL,
    RESOURCE_POLICY,
    "Security Hub S3.2",
    "Security Hub SQS.3",
    "Security Hub SNS.4",
    "CKV_AWS_70",
    "CKV_AWS_168",
)
def _names_callers(resource: Resource) -> Messages:
    """Any AWS account in the world, or anybody at all, reads or writes what the resource holds.

    Name principals, or ask for aws:PrincipalOrgID, aws:SourceAccount or aws:SourceArn with a value.
    """
    for statement in statements(resource.props.get("policy")):
        if statement.is_for_anybody:
            yield f"lets anybody use {', '.join(statement.actions) or 'it'}"
