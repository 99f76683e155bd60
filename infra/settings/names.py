"""Names and single-line texts that Kubernetes accepts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation, form

LONGEST_NAME = 40
"""Longest name of an app or container: a suffix such as `-files-1a2b3c4d` fits into the 63 characters of a label."""
LONGEST_LINE = 1024
"""Characters of a single-line text; a path may have 4096 bytes on Linux, but nobody writes one that long."""
SUBDOMAIN = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
"""A DNS subdomain as Kubernetes has it (k8s.io/apimachinery/pkg/util/validation, IsDNS1123Subdomain): parts between
dots that begin and end with a letter or digit."""


def check_name(value: str) -> str:
    """Accept a DNS label of at most 40 characters that starts with a letter (RFC 1035).

    Raises:
        ValueError: anything else.
    """
    if not _is_name(value):
        # Compose has underscores in names of services, which no DNS label has.
        near = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
        raise ValueError(
            "is not a name: use lower-case letters, digits and dashes, start with a letter, "
            f"at most {LONGEST_NAME} characters" + (f", such as {near}" if value.isascii() and _is_name(near) else "")
        )
    return value


def _is_name(value: str) -> bool:
    return len(value) <= LONGEST_NAME and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value) is not None


def _check_line(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable() or len(value) > LONGEST_LINE:
        raise ValueError(f"is not one line of text with 1 to {LONGEST_LINE} characters")
    return value


Name = Annotated[str, AfterValidator(check_name), Notation("name")]
_check_object_name = form(
    SUBDOMAIN, "is not the name of a Kubernetes object: use lower-case letters, digits, dashes and dots"
)
ObjectName = Annotated[str, AfterValidator(_check_object_name), Notation("name")]
"""Of an object that others made."""
Line = Annotated[str, AfterValidator(_check_line), Notation("text")]
"""Without white space around it."""
