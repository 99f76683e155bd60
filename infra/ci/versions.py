"""`nightowl ci versions`: which pinned versions of Kubernetes are near the end of their support."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.errors import NightowlError
from infra.project import stack_files
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.stack_file import settings_from_stack_file
from infra.system import clock
from infra.versions import KUBERNETES_MINOR, KUBERNETES_VERSIONS, WARNING_DAYS, support_notice


class SupportEndsError(NightowlError):
    """A pinned version is near the end of its support, or past it."""


def run_versions(project: Path, *, as_json: bool = False, say: Callable[[str], None] = print) -> None:
    """List the pinned versions of Kubernetes that have at most 60 days of standard support left.

    Pins are the default, which the local cluster has too, and `cluster.version` of each stack on EKS.

    Raises:
        SupportEndsError: there are such pins; they were listed.
    """
    found = [
        {
            "pin": pin,
            "version": version,
            "standardSupportEnds": KUBERNETES_VERSIONS[version].standard_support_ends.isoformat(),
            "notice": notice,
        }
        for pin, version in _pins(project)
        if (notice := support_notice(version, clock.today()))
    ]
    if as_json:
        say(json.dumps(found, indent=2))
    elif found:
        say("\n".join(f"{item['pin']}: {item['notice']}" for item in found))
    else:
        say(f"every pinned version of Kubernetes has more than {WARNING_DAYS} days of standard support left")
    if found:
        raise SupportEndsError(f"{len(found)} pinned versions have at most {WARNING_DAYS} days of support left")


def _pins(project: Path) -> Iterator[tuple[str, str]]:
    yield "the default", KUBERNETES_MINOR
    for stack, file in stack_files(project).items():
        settings = settings_from_stack_file(file)
        if isinstance(settings.platform, EksPlatformSettings):
            yield f"stack {stack}", settings.cluster.version
