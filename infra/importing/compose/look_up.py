"""What registries say of the images of a project, for those who want to wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.images.credentials import find_credentials
from infra.images.facts import ImageFacts, read_image
from infra.images.reference import ImageName
from infra.images.registry import RegistryError


def look_up(images: Iterable[str], environment: Mapping[str, str]) -> dict[str, ImageFacts | RegistryError]:
    """Ask the registry of each image for it, once; what cannot be read has the reason.

    Raises:
        UsageError: the name of an image is none.
    """
    found: dict[str, ImageFacts | RegistryError] = {}
    for image in images:
        if image not in found:
            name = ImageName.of(image)
            try:
                found[image] = read_image(name, find_credentials(name.host, environment))
            except RegistryError as error:
                found[image] = error
    return found
