"""Names of images, as Docker and Kubernetes read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from infra.errors import UsageError
from infra.settings.app.image import REFERENCE

DOCKER_HUB = "docker.io"
_SHORTEST_HOST_MARKS = (".", ":")


@dataclass(frozen=True, kw_only=True)
class ImageName:
    """An image: where it is kept, and the version that is meant. Without tag and digest it is `latest`."""

    host: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a name; one without a registry is of Docker Hub, and without an owner of its official images there.

        Raises:
            UsageError: it is none.
        """
        match = REFERENCE.fullmatch(text)
        if match is None:
            raise UsageError(f"IMAGE: {text!r} is not the name of an image; write registry/name:tag")
        first, slash, rest = match["name"].partition("/")
        is_host = bool(slash) and (any(mark in first for mark in _SHORTEST_HOST_MARKS) or first == "localhost")
        host, repository = (first, rest) if is_host else (DOCKER_HUB, match["name"])
        if host in {"index.docker.io", "registry-1.docker.io"}:
            host = DOCKER_HUB
        if host == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        digest = f"sha256:{match['digest']}" if match["digest"] else ""
        return cls(host=host, repository=repository, tag=match["tag"] or ("" if digest else "latest"), digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"

    @property
    def version(self) -> str:
        """What its manifest is asked for by: the digest where there is one, as container runtimes do."""
        return self.digest or self.tag

    @property
    def is_local(self) -> bool:
        """Whether its registry is on this machine, where Docker speaks plain HTTP too."""
        return self.host.partition(":")[0] in {"localhost", "127.0.0.1"}

    @property
    def address(self) -> str:
        """Where its registry answers."""
        host = "registry-1.docker.io" if self.host == DOCKER_HUB else self.host
        return f"{'http' if self.is_local else 'https'}://{host}"
