"""`nightowl ci versions`: which pinned versions of Kubernetes are near the end of their support."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.github import connect
from infra.errors import NightowlError
from infra.project import stack_files
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.stack_file import settings_from_stack_file
from infra.system import clock
from infra.versions import KUBERNETES_MINOR, KUBERNETES_VERSIONS, WARNING_DAYS, support_notice

LABEL = "versions"
MARKER = "nightowl:versions"


class SupportEndsError(NightowlError):
    """A pinned version is near the end of its support, or past it."""


def run_versions(project: Path, run: ActionsRun, *, as_json: bool = False, issue: bool = False) -> None:
    """List the pinned versions of Kubernetes that have at most 60 days of standard support left.

    With `issue` one issue of the repository lists the same, and is closed when there is no such pin.

    Pins are the default, which the local cluster has too, and `cluster.version` of each stack on EKS.

    Raises:
        SupportEndsError: there are such pins; they were listed.
        GithubError: the issue cannot be written.
    """
    if run.dry_run:
        run.print(f"would list the pinned versions, and open, edit or close the issue with the label {LABEL!r}")
        return
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
        run.results.out(json.dumps(found, indent=2))
    elif found:
        run.results.out("\n".join(f"{item['pin']}: {item['notice']}" for item in found))
    else:
        run.results.out(
            f"every pinned version of Kubernetes has more than {WARNING_DAYS} days of standard support left"
        )
    address = keep_issue(found, run) if issue else ""
    if found:
        seen = f"; see {address}" if address else ""
        raise SupportEndsError(f"{len(found)} pinned versions have at most {WARNING_DAYS} days of support left{seen}")


def keep_issue(found: Sequence[Mapping[str, str]], run: ActionsRun) -> str:
    """Keep one issue open while a pin is near the end of its support. Return its address, empty if there is no pin.

    Raises:
        GithubError: GitHub cannot be asked, or refuses.
    """
    github = connect(run)
    if not found:
        github.close_issue(MARKER, f"Every pinned version has time left. {run.url}".rstrip(), LABEL)
        return ""
    pins = "\n".join(f"- {item['pin']}: {item['notice']}" for item in found)
    body = f"{pins}\n\nThis issue is closed by the first check after the upgrade. {run.url}".rstrip()
    return github.upsert_issue(MARKER, "Kubernetes versions lose their support", body, LABEL)


def _pins(project: Path) -> Iterator[tuple[str, str]]:
    yield "the default", KUBERNETES_MINOR
    for stack, file in stack_files(project).items():
        settings = settings_from_stack_file(file)
        if isinstance(settings.platform, EksPlatformSettings):
            yield f"stack {stack}", settings.cluster.version
