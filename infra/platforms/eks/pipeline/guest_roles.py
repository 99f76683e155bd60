"""Roles for the pods of pull requests, made by the stack on whose cluster they run.

The jobs of a pull request, which whoever can push a branch writes, make no role: a role outlives its pull request, and
IAM has no condition on whom its trust lets in. They only give these to service accounts of their namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from infra.iam import pod_identity_trust
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.roles import make_role
from infra.platforms.eks.names import GUEST_ROLE, PULL_REQUEST_STACKS
from infra.platforms.eks.secrets import secrets_policy


class GuestRoles(pulumi.ComponentResource):
    """A role for each app with secrets: the app's pods in namespaces `pr-*` take it, and nobody else.

    It reads what the app reads in this stack: `secrets` are names in Secrets Manager by app, `key_arn` is the key under
    which they may be encrypted. `shared` is what guests learn of it (`infra.platforms.eks.sharing`).
    """

    shared: Mapping[str, pulumi.Input[object]]

    def __init__(
        self,
        name: str,
        *,
        context: AwsContext,
        secrets: Mapping[str, Sequence[str]],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:GuestRoles", name, None, opts)
        self.shared = {
            app: {
                "arn": make_role(
                    f"{GUEST_ROLE}{app}",
                    context=context,
                    trust=pod_identity_trust(
                        context.account_id,
                        context.region,
                        context.name,
                        namespace=PULL_REQUEST_STACKS,
                        service_account=app,
                    ),
                    policies={"secrets": secrets_policy(context, names, key_arn=key_arn)},
                    description=f"Pods of {PULL_REQUEST_STACKS}/{app} on {context.name}",
                    parent=self,
                ).arn,
                "secrets": list(names),
            }
            for app, names in secrets.items()
        }
        self.register_outputs({})
