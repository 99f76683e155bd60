"""What the last stage of a Dockerfile says of its image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

LARGEST_BYTES = 2**18
"""Of a Dockerfile; the longest that people write have a tenth of it."""
FIRST_USER = 1000
"""The number that useradd and adduser give first (Debian's adduser.conf, FIRST_UID)."""
_USUAL_USERS = {"root": 0, "node": 1000, "nobody": 65534, "www-data": 33, "nginx": 101, "postgres": 999, "redis": 999}
"""Numbers of users by name (Debian's base-passwd, and the Dockerfiles of the official images)."""


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """The facts that a stack file needs."""

    base: str = ""
    """The image that the last stage builds on; empty for none, or for one that a variable names."""
    ports: tuple[int, ...] = ()
    user: str = ""
    folder: str = ""
    """Where its commands run."""


def read_dockerfile(path: Path, stage: str = "") -> Dockerfile:
    """Read a Dockerfile, up to the `stage` that is built; one that cannot be read says nothing."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_BYTES:
            return Dockerfile()
        return parse_dockerfile(path.read_text(encoding="utf-8"), stage)
    except (OSError, UnicodeDecodeError):
        return Dockerfile()


def parse_dockerfile(text: str, stage: str = "") -> Dockerfile:
    """Read the text of a Dockerfile; a stage has what the one that it builds on says."""
    stages: dict[str, Dockerfile] = {}
    users = dict(_users(text))
    current, name = Dockerfile(), ""
    for word, rest in _instructions(text):
        if word == "FROM":
            if stage and name == stage.lower():
                break
            words = [one for one in rest.split() if not one.startswith("--")]
            base = words[0] if words else ""
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            current = stages.get(base.lower(), Dockerfile(base="" if "$" in base else base))
        current = _with(current, word, rest, users)
        stages[name] = current
    return current


def user_number(user: str) -> int | None:
    """Return the number of a user, which a well-known name has too; None for any other."""
    return int(user) if user.isdecimal() and len(user) < 10 else _USUAL_USERS.get(user)


def _with(image: Dockerfile, word: str, rest: str, users: Mapping[str, str]) -> Dockerfile:
    if word == "EXPOSE":
        numbers = re.findall(r"(?<![\w${])([0-9]{1,5})(?:/tcp)?(?=\s|$)", rest)
        ports = [int(one) for one in numbers if 0 < int(one) < 65536]
        return replace(image, ports=(*image.ports, *ports))
    if word == "USER" and "$" not in rest:
        return replace(image, user=users.get(rest.strip(), rest.strip()))
    if word == "WORKDIR" and "$" not in rest:
        folder = rest.strip().strip('"')
        return replace(image, folder=folder if folder.startswith("/") else f"{image.folder}/{folder}")
    return image


def _users(text: str) -> Iterator[tuple[str, str]]:
    """List the users that are made for the image, by name, with their numbers."""
    arguments = dict(re.findall(r"(?m)^\s*ARG\s+(\w+)=[\"']?([0-9]+)", text))
    joined = re.sub(r"\\[ \t]*\n", " ", text)
    for line in re.findall(r"\b(?:useradd|adduser)\b([^&|;\n]*)", joined):
        words = line.split()
        number = re.search(r"(?:-u|--uid)[ =][\"']?(?:\$\{?(\w+)\}?|([0-9]+))", line)
        is_system = re.search(r"(?:^|\s)(?:-S|-r|--system)\b", line) is not None
        if not words or (number is None and is_system):
            continue
        given = None if number is None else number[2] or arguments.get(number[1])
        name = next((word for word in reversed(words) if re.fullmatch(r"[a-z_][\w-]*", word)), "")
        if given is not None or number is None:
            yield name, given or str(FIRST_USER)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\[ \t]*\n", " ", re.sub(r"(?m)^[ \t]*#.*\n?", "", text))
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()
