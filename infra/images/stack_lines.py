"""What the app of an image needs in a stack file, as far as the image says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from infra.images.facts import ImageFacts
from infra.settings.app.security import SecuritySettings
from infra.settings.names import LONGEST_NAME

_ALWAYS_WRITABLE = ("/tmp",)  # noqa: S108
_OF_NIGHTOWL = ("/run/secrets", "/var/run/secrets", "/proc", "/sys", "/dev", "/etc/hosts", "/etc/resolv.conf")


def app_name(image: ImageFacts) -> str:
    """Name the app after the last part of the image's name."""
    name = re.sub(r"[^a-z0-9]+", "-", image.name.repository.rpartition("/")[2]).strip("-")[:LONGEST_NAME].rstrip("-")
    return name if name[:1].isalpha() else "app"


def app_lines(image: ImageFacts) -> dict[str, Any]:
    """Return the keys of the app, of which those that have their default are left out."""
    app: dict[str, Any] = {}
    tcp, others = _ports(image)
    if not tcp:
        app["kind"] = "worker"
    app["image"] = image.pinned
    if tcp:
        app["port"] = tcp[0]
    ports: dict[str, Any] = {f"port-{number}": number for number in tcp[1:]}
    ports |= {f"port-{number}-udp": {"port": number, "protocol": "udp"} for number in others}
    if ports:
        app["ports"] = ports
    security = _security(image)
    if security:
        app["security"] = security
    writable = [path for path in image.volumes if _is_writable_path(path)]
    if writable:
        app["writable"] = writable
    return app


def remarks(image: ImageFacts, pools: Sequence[str] = ()) -> Iterator[str]:
    """List what the lines cannot say: what to try, and on which nodes it does not start.

    `pools` are the architectures of the nodes for apps, where they are known.
    """
    yield from missing_architectures(image, pools)
    if not pools and len(image.architectures) == 1:
        [only] = image.architectures
        yield f"for {only} only: on nodes of another architecture, such as Graviton, it ends with `exec format error`"
    user = image.user.partition(":")[0]
    if _is_root(image):
        default = SecuritySettings().user
        yield (
            f"it starts as root: try it without the line of security first, as user {default}, or with the number of "
            "the user that it changes to, which many images take and their documentation names"
        )
    elif not user.isdecimal():
        yield (
            f"its user is {user!r}, a name, and Kubernetes needs a number: `docker run --rm --entrypoint id IMAGE` "
            "prints it; write it as security.user and group"
        )
    if image.volumes:
        yield "it declares volumes; what must be kept there is a volume of kind persistent instead of writable"
    low = [number for number in _ports(image)[0] if number < 1024]
    if low and not _is_root(image):
        yield f"port {low[0]} is below 1024, which pods without rights may open where the runtime is containerd 2"


def missing_architectures(image: ImageFacts, pools: Sequence[str]) -> Iterator[str]:
    """List the nodes on which an image does not start."""
    for architecture in pools:
        if architecture not in image.architectures:
            yield (
                f"the nodes are {architecture}, for which there is no image: its containers end with `exec format "
                f"error`; name one that has {architecture}, or let placement.labels ask for kubernetes.io/arch: "
                f"{image.architectures[0]} where a pool has it"
            )


def _security(image: ImageFacts) -> dict[str, Any]:
    user, _, group = image.user.partition(":")
    if _is_root(image):
        return {"level": "baseline", "user": 0}
    if not user.isdecimal():
        return {}
    return {"user": int(user), "group": int(group) if group.isdecimal() else int(user)}


def _is_root(image: ImageFacts) -> bool:
    return image.user.partition(":")[0] in {"", "0", "root"}


def _ports(image: ImageFacts) -> tuple[list[int], list[int]]:
    """Return the ports of TCP, and those of UDP; what is no number is left out."""
    found: dict[str, list[int]] = {"tcp": [], "udp": []}
    for port in image.ports:
        number, _, protocol = port.partition("/")
        if number.isdecimal() and 0 < int(number) < 65536 and (protocol or "tcp") in found:
            found[protocol or "tcp"].append(int(number))
    return found["tcp"], found["udp"]


def _is_writable_path(path: str) -> bool:
    taken = any(path == root or path.startswith(f"{root}/") for root in _OF_NIGHTOWL)
    return path.startswith("/") and path != "/" and path not in _ALWAYS_WRITABLE and not taken
