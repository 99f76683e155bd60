"""GitHub as an identity provider of the account, whose tokens the roles of the stacks may trust."""

from __future__ import annotations

from infra.aws import aws_errors
from infra.bootstrap.account import GITHUB_AUDIENCE, TAGS
from infra.bootstrap.connection import Connection
from infra.bootstrap.resource import Change, Setting, resource_step
from infra.platforms.eks.names import GITHUB_ISSUER
from infra.reconcile import Step

NAME = f"OIDC provider {GITHUB_ISSUER}"


def github_provider_step(aws: Connection) -> Step[Change]:
    """Compare the provider. An account has one, which others may use: their audiences and tags are left alone."""
    arn = aws.account.github_provider_arn
    audiences = _audiences(aws)

    def make() -> str:
        # No thumbprint: IAM trusts GitHub's certificate by the authority that signed it (IAM API,
        # CreateOpenIDConnectProvider).
        with aws_errors(f"make the {NAME}", "iam:CreateOpenIDConnectProvider and iam:TagOpenIDConnectProvider"):
            made = aws.iam.create_open_id_connect_provider(
                Url=f"https://{GITHUB_ISSUER}",
                ClientIDList=[GITHUB_AUDIENCE],
                Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
            )
        return made["OpenIDConnectProviderArn"]

    def add_audience() -> None:
        with aws_errors(f"add {GITHUB_AUDIENCE} to the {NAME}", "iam:AddClientIDToOpenIDConnectProvider"):
            aws.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=GITHUB_AUDIENCE)

    audience = Setting(
        name="audience",
        wanted=GITHUB_AUDIENCE,
        read=lambda: GITHUB_AUDIENCE if GITHUB_AUDIENCE in (audiences or []) else None,
        write=add_audience,
        at_making=True,
    )
    return resource_step(NAME, None if audiences is None else arn, make, lambda _: [audience])


def _audiences(aws: Connection) -> list[str] | None:
    absent = {"NoSuchEntity", "NoSuchEntityException"}
    with aws_errors(f"look for the {NAME}", "iam:GetOpenIDConnectProvider", absent):
        arn = aws.account.github_provider_arn
        return aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn).get("ClientIDList", [])
    return None
