"""Apps that are told of one that they may not call: a connection that times out, which no plan and no log explains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.settings.app.application import Application, LongRunning
from infra.settings.app.container import HelperSettings
from infra.settings.app.release import ReleaseSettings

_OF_A_HOST = re.compile(r"host|server|addr|endpoint|broker|seed|upstream|ur[il]", re.IGNORECASE)
"""Variables whose value may be the name of a host alone."""


def reach_doubts(apps: Mapping[str, Application], namespace: str) -> Iterator[str]:
    """Say where an app is named, as the host of an address, to one that may not call it."""
    for name, app in apps.items():
        for other, target in apps.items():
            if other == name or not isinstance(target, LongRunning):
                continue
            is_host = _host(other, [port for one in target.served for port in (one.number, one.service_port)])
            found = next(
                (place for place, variable, text in _texts(app) if _is_named(is_host, namespace, variable, text)), None
            )
            if found is not None and not _may_call(name, app, other, target):
                yield (
                    f"nightowl:apps.{name}.{found}: names {other}, which {name} may not call; "
                    f"add {other} to nightowl:apps.{name}.allowTo"
                )


def _may_call(name: str, app: Application, other: str, target: LongRunning) -> bool:
    is_allowed = any(peer.app == other and peer.namespace is None for peer in app.allow_to)
    return is_allowed or any(peer.app == name and peer.namespace is None for peer in target.allow_from)


def _host(app: str, ports: list[int]) -> tuple[str, str]:
    """Return patterns of the app's names in an address, and of those before one of its ports."""
    names = rf"(?:{re.escape(app)}-\d+\.)?{re.escape(app)}(?:-peers)?NAMESPACE"
    numbers = "|".join(map(str, sorted({*ports})))
    return names, rf"{names}:(?:{numbers})(?!\d)" if numbers else rf"{names}:\d"


def _is_named(host: tuple[str, str], namespace: str, variable: str, text: str) -> bool:
    names, with_port = (
        one.replace("NAMESPACE", rf"(?:\.{re.escape(namespace)}(?:\.svc(?:\.cluster\.local)?)?)?") for one in host
    )
    if re.search(rf"(?:://|@){names}(?=$|[:/,?\s\"'])|(?:^|[=,\s\"'(\[/]){with_port}", text):
        return True
    return bool(_OF_A_HOST.search(variable)) and re.fullmatch(names, text) is not None


def _texts(app: Application) -> Iterator[tuple[str, str, str]]:
    """List what the containers of an app are told: the place, the variable, and the text."""
    yield from _of_container("", app)
    for path, content in app.files.items():
        yield f'files["{path}"]', "", content
    for section, helpers in (("init", app.init), ("sidecars", app.sidecars)):
        for name, helper in helpers.items():
            yield from _of_container(f"{section}.{name}.", helper)
            for path, content in helper.files.items():
                yield f'{section}.{name}.files["{path}"]', "", content
    release = getattr(app, "release", None)
    if isinstance(release, ReleaseSettings):
        yield from _of_container("release.", release)


def _of_container(
    place: str, container: Application | HelperSettings | ReleaseSettings
) -> Iterator[tuple[str, str, str]]:
    for variable, value in container.env.items():
        if isinstance(value, str):
            yield f"{place}env.{variable}", variable, value
    for key, words in (("command", container.command), ("args", container.args)):
        for index, word in enumerate(words):
            yield f"{place}{key}[{index}]", "", word
