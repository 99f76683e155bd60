"""Images in the registries of stacks: their references, what ECR knows of them, and the token for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from infra.aws import aws_errors, client
from infra.errors import NightowlError
from infra.platforms.eks.names import cluster_name, image_tag, registry_host, repository_name
from infra.project import project_name, stack_file
from infra.settings.eks.delivery import DeliverySettings
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.layers import Layers
from infra.settings.problems import refusal
from infra.settings.stack import StackSettings
from infra.settings.stack_file import read_stack_file

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

_REFERENCE = re.compile(
    r"(?:(?P<host>[^/@\s]+)/)?(?P<repository>[^:@\s]+)(?::(?P<tag>[^:@/\s]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class RepositoryMissingError(NightowlError):
    """The registry has no such repository; a deployment of the stack makes it."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An image reference in parts; those that it has not are empty."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def of(cls, image: str) -> Self:
        """Return the parts of a reference; the host ends at the first slash. What is no reference has no repository."""
        match = _REFERENCE.fullmatch(image)
        parts = match.groupdict(default="") if match else {"host": "", "repository": ""}
        return cls(**parts)

    def __str__(self) -> str:
        host = f"{self.host}/" if self.host else ""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{host}{self.repository}{tag}{digest}"

    @property
    def tree(self) -> str:
        """Git's hash of the folder that it was built from; empty where the tag has none."""
        prefix = image_tag("")
        return self.tag.removeprefix(prefix) if self.tag.startswith(prefix) else ""

    @property
    def short(self) -> str:
        """Enough of the digest to recognize the image."""
        return self.digest[: len("sha256:") + 12] or "another registry"


@dataclass(frozen=True, kw_only=True)
class ImageStack:
    """A stack that keeps images in a registry of its own.

    `cluster` is the name of its cluster, from which its other names are made (`infra.platforms.eks.names`). `layers`
    are the files of its settings.
    """

    name: str
    cluster: str
    settings: StackSettings
    layers: Layers
    account_id: str
    region: str

    @property
    def delivery(self) -> DeliverySettings:
        """The section `delivery` of its file."""
        return self.settings.delivery

    @property
    def builds(self) -> Mapping[str, str]:
        """The apps whose images it keeps, with the folder that they are built from, for this stack or another."""
        return self.settings.builds

    def image(self, app: str) -> str | None:
        """The image of an app as the checkout has it, in the stack's file or in one that this extends."""
        found = self.settings.apps.get(app)
        return None if found is None else found.image

    @property
    def host(self) -> str:
        """Its registry."""
        return registry_host(self.account_id, self.region)

    def owns(self, reference: Reference, app: str) -> bool:
        """Whether a reference names an image of the app in this stack's registry, by digest."""
        own = (self.host, repository_name(self.cluster, app))
        return (reference.host, reference.repository) == own and bool(reference.digest)

    def taking(self, reference: Reference, app: str) -> Reference:
        """The same image in this stack's registry."""
        return replace(reference, host=self.host, repository=repository_name(self.cluster, app))


def image_stack(project: Path, stack: str) -> ImageStack:
    """Read a stack of the checkout `project`.

    Raises:
        SettingsError: the file is not usable, or the stack does not run on EKS and so has no registry.
        UsageError: there is no such stack.
    """
    file = read_stack_file(stack_file(project, stack))
    settings = file.settings()
    if not isinstance(settings.platform, EksPlatformSettings):
        problem = f"is {settings.platform.kind}, and only a stack on eks has a registry; name another stack"
        raise file.layers.located(refusal("nightowl:platform.kind", problem))
    return ImageStack(
        name=stack,
        cluster=cluster_name(project_name(project), stack),
        settings=settings,
        layers=file.layers,
        account_id=settings.platform.account_id,
        region=settings.platform.region,
    )


class Registry:
    """The registry of one account and region. Every method raises AwsError."""

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region
        self._client: ECRClient = client("ecr", region)

    def digest_of(self, repository: str, tag: str) -> str | None:
        """The digest of the image with a tag, or None. Raises RepositoryMissingError."""
        return self._digest(repository, {"imageTag": tag})

    def has(self, repository: str, digest: str) -> bool:
        """Whether an image is there. Raises RepositoryMissingError."""
        return self._digest(repository, {"imageDigest": digest}) is not None

    @property
    def host(self) -> str:
        """What references of its images begin with."""
        return registry_host(self._account_id, self._region)

    def token(self) -> str:
        """Return user and password in base64, for 12 hours: for what the caller's role may use, elsewhere too."""
        with aws_errors(f"log in to the registry of account {self._account_id}", "ecr:GetAuthorizationToken"):
            return self._client.get_authorization_token()["authorizationData"][0].get("authorizationToken", "")

    def _digest(self, repository: str, image: Mapping[str, str]) -> str | None:
        what = f"look into {repository} of account {self._account_id}"
        with aws_errors(what, "ecr:DescribeImages", absent={"ImageNotFoundException"}):
            try:
                found = self._client.describe_images(
                    registryId=self._account_id, repositoryName=repository, imageIds=[cast(Any, image)]
                )
            except self._client.exceptions.RepositoryNotFoundException:
                raise RepositoryMissingError(
                    f"{repository} is not in the registry of account {self._account_id} in {self._region}; a "
                    "deployment of the stack makes it"
                ) from None
            return found["imageDetails"][0].get("imageDigest")
        return None
