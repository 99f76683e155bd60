"""What an image says of itself: who runs in it, what it starts, serves and keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.images.credentials import Credentials
from infra.images.reference import ImageName
from infra.images.registry import INDEX_TYPES, Registry, RegistryError
from infra.values import mapping, sequence

CONFIGURATION_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
PREFERRED_ARCHITECTURE = "amd64"
_SYSTEM = "linux"


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """One version of an image."""

    name: ImageName
    digest: str
    """Of the index where it has one, so that it names the image of every architecture."""
    architectures: tuple[str, ...]
    compressed_bytes: int
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    working_directory: str
    ports: tuple[str, ...]
    """Number and protocol: `5432/tcp`."""
    volumes: tuple[str, ...]

    @property
    def pinned(self) -> str:
        """The name with tag and digest, as it stands in a stack file."""
        tag = f":{self.name.tag}" if self.name.tag else ""
        return f"{self.name.host}/{self.name.repository}{tag}@{self.digest}"


def read_image(name: ImageName, credentials: Credentials | None) -> ImageFacts:
    """Read an image from its registry. Of several architectures one is looked at: they are built alike.

    Raises:
        RegistryError: it cannot be read, or is no container image for Linux.
    """
    with Registry(name, credentials) as registry:
        return _read(name, registry)


def _read(name: ImageName, registry: Registry) -> ImageFacts:
    digest, document = registry.manifest(name.version)
    architectures: tuple[str, ...] = ()
    if document.get("mediaType") in INDEX_TYPES or "manifests" in document:
        platforms = _platforms(document)
        if not platforms:
            raise RegistryError(f"{name} has no image for Linux; name another version")
        architectures = tuple(platforms)
        _, document = registry.manifest(platforms.get(PREFERRED_ARCHITECTURE) or next(iter(platforms.values())))
    described = mapping(document.get("config"))
    if described.get("mediaType") not in CONFIGURATION_TYPES:
        kind = described.get("mediaType") or document.get("mediaType") or f"schema {document.get('schemaVersion')}"
        raise RegistryError(f"{name} is not an image of a container but {kind}; correct the name or the tag")
    configuration = registry.document(str(described.get("digest")))
    if configuration.get("os") != _SYSTEM:
        raise RegistryError(
            f"{name} is an image for {configuration.get('os')}, and nodes run Linux; name another version"
        )
    process = mapping(configuration.get("config"))
    return ImageFacts(
        name=name,
        digest=digest,
        architectures=architectures or (str(configuration.get("architecture")),),
        compressed_bytes=sum(_size(layer) for layer in sequence(document.get("layers"))),
        user=str(process.get("User") or ""),
        entrypoint=_texts(process.get("Entrypoint")),
        command=_texts(process.get("Cmd")),
        working_directory=str(process.get("WorkingDir") or "/"),
        ports=tuple(sorted(map(str, mapping(process.get("ExposedPorts"))), key=_port_order)),
        volumes=tuple(sorted(map(str, mapping(process.get("Volumes"))))),
    )


def _platforms(index: Mapping[str, Any]) -> dict[str, str]:
    """Return digests by architecture. Attestations stand in an index too, as a platform that is unknown."""
    found: dict[str, str] = {}
    for manifest in map(mapping, sequence(index.get("manifests"))):
        platform = mapping(manifest.get("platform"))
        if platform.get("os") == _SYSTEM:
            found.setdefault(str(platform.get("architecture")), str(manifest.get("digest")))
    return found


def _port_order(port: str) -> tuple[int, str]:
    number = port.partition("/")[0]
    return (int(number) if number.isdecimal() else 0, port)


def _size(layer: object) -> int:
    size = mapping(layer).get("size")
    return size if isinstance(size, int) else 0


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, sequence(value)))
