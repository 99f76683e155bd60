"""Container images: always a fixed version."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation

LONGESTREFERENCE = 512
"""Characters: a name of 255, a tag of 128 and a digest of 71 fit."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PART = r"[a-z0-9]+(?:(?:\.|__|_|-+)[a-z0-9]+)*"
REFERENCE = re.compile(
    rf"(?P<name>(?:{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)
"""The grammar of the distribution project (github.com/distribution/reference), with sha256 as the only digest."""


def check_image(value: str) -> str:
    """Accept an image reference with a tag or a digest.

    Raises:
        ValueError: not an image reference, neither tag nor digest, or the tag `latest`, which names another image
            every day.
    """
    match = REFERENCE.fullmatch(value) if len(value) <= LONGESTREFERENCE else None
    if not match:
        raise ValueError("is not an image reference; write registry/name:tag@sha256:digest")
    if not match["digest"] and not match["tag"]:
        raise ValueError("has neither a tag nor a digest; write name:tag@sha256:digest")
    if not match["digest"] and match["tag"] == "latest":
        raise ValueError("changes under a running system; pin a version instead of latest, best with its digest")
    return value


def is_pinned(image: str) -> bool:
    """Whether the image is named by digest, so that the same reference is the same content for ever."""
    return "@sha256:" in image


Image = Annotated[str, AfterValidator(check_image), Notation("image")]
