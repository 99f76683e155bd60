"""The names of what a bootstrap makes, from the account and the region alone."""

from __future__ import annotations

from dataclasses import dataclass

from infra.platforms.eks.names import GITHUB_ISSUER

KEY_ALIAS = "alias/nightowl-pulumi"
GITHUB_AUDIENCE = "sts.amazonaws.com"
"""What the action aws-actions/configure-aws-credentials asks GitHub for (GitHub documentation, "Configuring OpenID
Connect in Amazon Web Services")."""

MARKER_TAG = "nightowl:bootstrap"
TAGS = {MARKER_TAG: "true", "project": "nightowl", "managed-by": "nightowl-bootstrap"}
"""On everything that a bootstrap makes. The first one says that it may change the resource."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account and a region of it. Everything is there once, whatever the number of stacks."""

    id: str
    region: str

    @property
    def state_bucket(self) -> str:
        """The bucket that holds Pulumi's state."""
        return f"nightowl-state-{self.id}-{self.region}"

    @property
    def log_bucket(self) -> str:
        """The bucket that holds the access log of the state bucket."""
        return f"nightowl-state-logs-{self.id}-{self.region}"

    @property
    def github_provider_arn(self) -> str:
        """The ARN of GitHub as an identity provider: an account has one per issuer, for all regions."""
        return f"arn:aws:iam::{self.id}:oidc-provider/{GITHUB_ISSUER}"

    @property
    def backend(self) -> str:
        """What `PULUMI_BACKEND_URL` is to be. Its parameters are those of the Go CDK's s3blob."""
        return f"s3://{self.state_bucket}?region={self.region}&awssdk=v2"

    @property
    def secrets_provider(self) -> str:
        """What `pulumi stack init --secrets-provider` takes. Its parameters are those of the Go CDK's awskms."""
        return f"awskms:///{KEY_ALIAS}?region={self.region}&awssdk=v2"


def bucket_arn(name: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:aws:s3:::{name}"
