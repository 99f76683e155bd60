"""GitHub as an identity provider of the account, whose tokens the roles of the stacks may trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.bootstrap.place import GITHUB_AUDIENCE, TAGS, Place
from infra.bootstrap.refusals import asking, code_of
from infra.bootstrap.step import Setting
from infra.platforms.eks.names import GITHUB_ISSUER

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_URL = f"https://{GITHUB_ISSUER}"


@dataclass(frozen=True, kw_only=True)
class GithubProviderStep:
    """The provider. An account has one, which others may use: their audiences and tags are left alone."""

    iam: IAMClient
    place: Place

    @property
    def resource(self) -> str:
        """Kind and name, as people read it."""
        return f"OIDC provider {GITHUB_ISSUER}"

    def find(self) -> str | None:
        """Find the provider."""
        with asking(f"look for the OIDC provider {GITHUB_ISSUER}", "iam:GetOpenIDConnectProvider"):
            try:
                self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self.place.github_provider_arn)
            except ClientError as error:
                if code_of(error) in {"NoSuchEntity", "NoSuchEntityException"}:
                    return None
                raise
        return self.place.github_provider_arn

    def make(self) -> str:
        """Make the provider.

        It needs no thumbprint: IAM trusts GitHub's certificate by the authority that signed it (IAM API,
        CreateOpenIDConnectProvider).
        """
        permission = "iam:CreateOpenIDConnectProvider and iam:TagOpenIDConnectProvider"
        with asking(f"make the OIDC provider {GITHUB_ISSUER}", permission):
            made = self.iam.create_open_id_connect_provider(
                Url=_URL,
                ClientIDList=[GITHUB_AUDIENCE],
                Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
            )
        return made["OpenIDConnectProviderArn"]

    def settings(self, _identifier: str | None, /) -> tuple[Setting, ...]:
        """List the settings: the audience that GitHub's tokens for AWS have."""
        return (
            Setting(
                name="audience",
                wanted=GITHUB_AUDIENCE,
                read=lambda: GITHUB_AUDIENCE if GITHUB_AUDIENCE in self._audiences() else None,
                write=self._add_audience,
                at_making=True,
            ),
        )

    def _audiences(self) -> list[str]:
        with asking(f"read the audiences of the OIDC provider {GITHUB_ISSUER}", "iam:GetOpenIDConnectProvider"):
            found = self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self.place.github_provider_arn)
        return found.get("ClientIDList", [])

    def _add_audience(self) -> None:
        with asking(
            f"add {GITHUB_AUDIENCE} to the OIDC provider {GITHUB_ISSUER}", "iam:AddClientIDToOpenIDConnectProvider"
        ):
            self.iam.add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=self.place.github_provider_arn, ClientID=GITHUB_AUDIENCE
            )
