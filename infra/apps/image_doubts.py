"""What keeps well-known images from starting as an app says, which else only their containers tell.

Only images whose maker is known are judged, and only what they start by themselves: another command may need less.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from infra.settings.app.application import Application, Task
from infra.usual_images import UsualImage, folder_on_disk, official_image, usual_user

_POSTGRES_DATA = "/var/lib/postgresql/data"
_POSTGRES_DATA_FROM_18 = "/var/lib/postgresql"
_KAFKA_FOLDERS = "KAFKA_LOG_DIRS"
_WITH_WHICH = "a new disk has a folder lost+found at its top, with which"


def image_doubts(apps: Mapping[str, Application]) -> Iterator[str]:
    """List what the image of each app needs and does not have here, with the line that gives it."""
    for name, app in apps.items():
        known = official_image(app.image)
        if not isinstance(app, Task) and not app.command and not _runs_a_shell(app):
            for place, doubt in _doubts(app, known):
                yield f"nightowl:apps.{name}.{place}: {doubt}"


def _runs_a_shell(app: Application) -> bool:
    """Whether `args` have a shell run something else than the image's own program, as Compose's `command` may."""
    return bool(app.args) and PurePosixPath(app.args[0]).name in {"sh", "bash", "ash", "dash"}


def _doubts(app: Application, known: UsualImage | None) -> Iterator[tuple[str, str]]:
    image = re.sub(r"[:@].*", "", app.image.rpartition("/")[2])
    if known is not None:
        yield from _folder_doubts(app, known, image)
    yield from _disk_doubts(app, "" if known is None else image)


def _folder_doubts(app: Application, known: UsualImage, image: str) -> Iterator[tuple[str, str]]:
    own, user = usual_user(app.image), app.security.user
    as_own_user = user in {0, own}
    given = {*(volume.mount for volume in app.volumes.values()), *app.writable}
    why = "" if as_own_user else f", which is user {own}'s; write user: {own}, or a volume there"
    if app.security.read_only_root:
        for folder in known.writable:
            if not _is_among(folder, given):
                yield "writable", f"{image} writes to {folder}, which is read-only here; add it"
        for folder in known.own_files:
            if not _is_among(folder, {*given, *map(_folder, app.files)}):
                yield "security.readOnlyRoot", f"{image} changes its files in {folder} when it starts; write false"
    elif not as_own_user and (known.writable or known.own_files):
        yield "security.user", f"{image} writes to files of user {own}, which user {user} may not; write {own}"
    if not as_own_user:
        for folder in known.data:
            if not _is_among(folder, given):
                yield "security.user", f"{image} writes to {folder}{why}"


def _disk_doubts(app: Application, image: str) -> Iterator[tuple[str, str]]:
    """Find disks whose top is taken for an empty folder, and disks without data. A shared file system is no disk."""
    disks = {name: one for name, one in app.volumes.items() if one.makes_claim and not one.shared}
    for name, volume in disks.items():
        folder = folder_on_disk(app.image, volume.mount)
        if folder and volume.sub_path is None:
            yield f"volumes.{name}.subPath", f"{_WITH_WHICH} {image} does not start; write subPath: {folder}"
        elif volume.mount == _postgres_data(app, image) and volume.sub_path is None:
            yield "env.PGDATA", f"{_WITH_WHICH} initdb makes no database; write PGDATA: {volume.mount}/pgdata"
        elif image == "postgres" and volume.mount == _POSTGRES_DATA and _is_from_18(app.image):
            yield f"volumes.{name}.mount", f"from 18 on postgres wants its volume at {_POSTGRES_DATA_FROM_18}"
        elif image == "kafka" and _KAFKA_FOLDERS not in app.env:
            message = (
                f"kafka keeps its data in /tmp, which dies with the pod; write {_KAFKA_FOLDERS}: {volume.mount}/logs"
            )
            yield f"env.{_KAFKA_FOLDERS}", message
        elif image == "kafka" and app.env[_KAFKA_FOLDERS] == volume.mount and volume.sub_path is None:
            yield f"env.{_KAFKA_FOLDERS}", f"{_WITH_WHICH} kafka does not start; write {volume.mount}/logs"


def _postgres_data(app: Application, image: str) -> object:
    """Return where PostgreSQL keeps its data, also in images that are made from its own, whatever they are called."""
    is_elsewhere = image == "postgres" and _is_from_18(app.image)
    return app.env.get("PGDATA", None if is_elsewhere else _POSTGRES_DATA)


def _is_from_18(image: str) -> bool:
    major = re.search(r":(\d+)", image.rpartition("/")[2])
    return major is not None and int(major[1]) >= 18


def _is_among(folder: str, given: Collection[str]) -> bool:
    """Whether a folder, one above it or one in it is given; `/var/run` leads to `/run`."""
    wanted = PurePosixPath(_real(folder))
    paths = [PurePosixPath(_real(path)) for path in given]
    return any(wanted.is_relative_to(path) or path.is_relative_to(wanted) for path in paths)


def _folder(file: str) -> str:
    return str(PurePosixPath(file).parent)


def _real(path: str) -> str:
    return re.sub(r"^/var/run(?=/|$)", "/run", path)
