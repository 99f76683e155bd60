"""Where containers mount the volumes of their pod, which each have one place in an app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Part
from infra.importing.names import own_name

Mounted = tuple[Part, Part]
"""A container, and one of its mounts."""
_KEEPING = {"kind", "claim", "from"}
"""One of them is said of each volume that outlives its pod."""


def mounts_of(containers: list[Part], name: str) -> Iterator[Mounted]:
    """List the mounts of a volume."""
    for container in containers:
        yield from ((container, one) for one in container["volumeMounts"].items() if one["name"].text == name)


def folder_of(mount: Part) -> str:
    """Return the absolute path of a mount."""
    path = mount["mountPath"].text or "/"
    return str(PurePosixPath("/", path.lstrip("/")))


def draft_mounts(
    app: App,
    part: Part,
    mounts: list[Mounted],
    name: str,
    settings: Mapping[str, Any],
    *,
    is_read_only: bool = False,
    why: str = "",
) -> None:
    """Draft a volume at the place of its first mount, where every container has it; each subPath is another one."""
    if not mounts:
        app.missing(part, "no container mounts it; leave it out")
        return
    reads_only = is_read_only or all(mount["readOnly"].value is True for _, mount in mounts)
    read_only = {"readOnly": True} if reads_only and settings.keys() & _KEEPING else {}
    volumes: dict[str, str] = {}
    for _, mount in mounts:
        inside = mount["subPath"].text or mount["subPathExpr"].text
        if inside in volumes:
            _draft_again(app, mount, volumes[inside])
        else:
            volumes[inside] = own_name(name, volumes.values())
            _draft_first(app, mount, list(volumes.values()), inside, settings)
            app.said["volumes"][volumes[inside]] |= read_only
        app.missing(mount["mountPropagation"], "there is no key: what is mounted later is not seen")
    app.took(part, "volumes", own_name(name), why=why)


def _draft_first(app: App, mount: Part, volumes: list[str], inside: str, settings: Mapping[str, Any]) -> None:
    """Draft the last of the `volumes` that are one in the input."""
    sub_path = {"subPath": inside} if mount["subPath"].given and settings.keys() & _KEEPING else {}
    reason = f"the volume has the folder {inside} as its root" if inside and not sub_path else ""
    if len(volumes) > 1:
        reason = f"here it is a volume of its own, with a disk apart; {' and '.join(volumes)} were one"
    app.section("volumes")[volumes[-1]] = {"mount": folder_of(mount), **settings, **sub_path}
    app.took(mount, "volumes", volumes[-1], why=reason)


def _draft_again(app: App, mount: Part, volume: str) -> None:
    there = app.said["volumes"][volume]["mount"]
    if there == folder_of(mount):
        app.took(mount, "volumes", volume)
    else:
        app.missing(mount, f"every container has this volume at {there}; write that path in what this one runs")
