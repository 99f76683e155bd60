"""Names and single-line texts that Kubernetes accepts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings.scalars import Notation

LONGEST_NAME = 40
"""Longest name of an app or container: a suffix such as `-files-1a2b3c4d` fits into the 63 characters of a label."""
LONGEST_LINE = 1024
"""Characters of a single-line text; a path may have 4096 bytes on Linux, but nobody writes one that long."""
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""A DNS subdomain as Kubernetes has it (k8s.io/apimachinery/pkg/util/validation, IsDNS1123Subdomain)."""


def is_subdomain(value: str) -> bool:
    """Whether a text is a DNS subdomain: parts between dots that begin and end with a letter or digit."""
    return _SUBDOMAIN.fullmatch(value) is not None


def check_name(value: str) -> str:
    """Accept a DNS label of at most 40 characters that starts with a letter (RFC 1035).

    Raises:
        ValueError: anything else.
    """
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value) or len(value) > LONGEST_NAME:
        raise ValueError(
            "is not a name: use lower-case letters, digits and dashes, start with a letter, "
            f"at most {LONGEST_NAME} characters"
        )
    return value


def check_object_name(value: str) -> str:
    """Accept the name of an object that others made: a DNS subdomain of at most 253 characters (RFC 1123).

    Raises:
        ValueError: anything else.
    """
    if not is_subdomain(value):
        raise ValueError("is not the name of a Kubernetes object: use lower-case letters, digits, dashes and dots")
    return value


def check_line(value: str) -> str:
    """Accept one line of text without surrounding white space.

    Raises:
        ValueError: empty, several lines, or more than 1024 characters.
    """
    if not value or value != value.strip() or not value.isprintable() or len(value) > LONGEST_LINE:
        raise ValueError(f"is not one line of text with 1 to {LONGEST_LINE} characters")
    return value


Name = Annotated[str, AfterValidator(check_name), Notation("name")]
ObjectName = Annotated[str, AfterValidator(check_object_name), Notation("name")]
Line = Annotated[str, AfterValidator(check_line), Notation("text")]
