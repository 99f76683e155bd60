"""Apps that are told of one that they may not call: a connection that times out, which no plan and no log explains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.settings.app.application import Application, LongRunning
from infra.settings.app.container import HelperSettings
from infra.settings.app.release import ReleaseSettings

_OF_A_HOST = re.compile(
    r"(?:^|[_.-]|db|pg|sql|redis|mongo)"
    r"(?:host(?:name)?s?|servers?|addr(?:ess)?(?:es)?|endpoints?|brokers?|seeds?|upstreams?|ur[il]s?)$",
    re.IGNORECASE,
)
"""Variables whose value may be the name of a host alone."""
_CALLED = r"(?<![a-z])(?!(?:s3|gs|oci|docker|docker-image|urn|file|arn)://)[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?"
"""How an address begins, unless its host is a bucket, a registry or the like."""
_END = r"""(?=\.?(?:$|[/,?;#)\]}|&<>\s"'`]))"""
_COMMENT = re.compile(r"^\s*(?:#|//|;|--).*$", re.MULTILINE)


def reach_doubts(apps: Mapping[str, Application], namespace: str) -> Iterator[str]:
    """List where an app is named, as the host of an address, to one that may not call it."""
    for name, app in apps.items():
        for other, target in apps.items():
            if other == name or not isinstance(target, LongRunning):
                continue
            host = _host(other, [port for one in target.served for port in (one.number, one.service_port)], namespace)
            found = next((place for place, variable, text in _texts(app) if host.is_named(variable, text)), None)
            if found is not None and not _may_call(name, app, other, target):
                yield (
                    f"nightowl:apps.{name}.{found}: names {other}, which {name} may not call; "
                    f"add {other} to nightowl:apps.{name}.allowTo"
                )


def _may_call(name: str, app: Application, other: str, target: LongRunning) -> bool:
    is_allowed = any(peer.app == other and peer.namespace is None for peer in app.allow_to)
    return is_allowed or any(peer.app == name and peer.namespace is None for peer in target.allow_from)


@dataclass(frozen=True)
class _Host:
    """Patterns of what an app is called by."""

    names: str
    with_port: str
    """Its names before a port that it serves."""

    def is_named(self, variable: str, text: str) -> bool:
        in_an_address = rf"{_CALLED}(?:{self.names}{_END}|{self.with_port})"
        by_an_option = rf"\bhost(?:name)?[= ]{self.names}{_END}"
        alone = rf"(?:^|[=,\s\"'(\[]){self.with_port}"
        if re.search(rf"{in_an_address}|{by_an_option}|{alone}", text):
            return True
        return bool(_OF_A_HOST.search(variable)) and re.fullmatch(self.names, text) is not None


def _host(app: str, ports: list[int], namespace: str) -> _Host:
    inside = rf"(?:\.{re.escape(namespace)}(?:\.svc(?:\.cluster\.local)?)?)?"
    names = rf"(?:{re.escape(app)}-\d+\.)?{re.escape(app)}(?:-peers)?{inside}"
    numbers = "|".join(map(str, sorted({*ports})))
    return _Host(names, rf"{names}\.?:(?:{numbers})(?!\d)" if numbers else rf"{names}\.?:\d")


def _texts(app: Application) -> Iterator[tuple[str, str, str]]:
    """List what the containers of an app are told: the place, the variable, and the text."""
    yield from _of_container("", app)
    for path, content in app.files.items():
        yield f'files["{path}"]', "", _COMMENT.sub("", content)
    for section, helpers in (("init", app.init), ("sidecars", app.sidecars)):
        for name, helper in helpers.items():
            yield from _of_container(f"{section}.{name}.", helper)
            for path, content in helper.files.items():
                yield f'{section}.{name}.files["{path}"]', "", _COMMENT.sub("", content)
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
