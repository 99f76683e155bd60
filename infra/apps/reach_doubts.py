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
_CALLED = r"(?<![a-z0-9+.-])(?!(?:s3|gs|oci|docker|docker-image|urn|file|arn)://)[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?"
"""How an address begins, unless its host is a bucket, a registry or the like."""
_END = r"""(?=\.?(?:$|[/,?;#)\]}|&<>\s"'`]))"""
_COMMENT = re.compile(r"^\s*(?:#|//|;|--).*$", re.MULTILINE)


def reach_doubts(apps: Mapping[str, Application], namespace: str) -> Iterator[str]:
    """List where an app is named, as the host of an address, to one that may not call it."""
    hosts = [_host(name, app, namespace) for name, app in apps.items() if isinstance(app, LongRunning)]
    for name, app in apps.items():
        texts = list(_texts(app))
        for host in hosts:
            found = next((place for place, variable, text in texts if host.is_named(variable, text)), None)
            if found is not None and host.name != name and not _may_call(name, app, host):
                yield (
                    f"nightowl:apps.{name}.{found}: names {host.name}, which {name} may not call; "
                    f"add {host.name} to nightowl:apps.{name}.allowTo"
                )


@dataclass(frozen=True)
class _Host:
    """An app that others may call, and patterns of what it is called by."""

    name: str
    app: LongRunning
    alone: re.Pattern[str]
    in_a_text: re.Pattern[str]

    def is_named(self, variable: str, text: str) -> bool:
        # Most texts name no app, and the search for a word costs nothing.
        if self.name not in text:
            return False
        if self.in_a_text.search(text):
            return True
        return bool(_OF_A_HOST.search(variable)) and self.alone.fullmatch(text) is not None


def _host(name: str, app: LongRunning, namespace: str) -> _Host:
    inside = rf"(?:\.{re.escape(namespace)}(?:\.svc(?:\.cluster\.local)?)?)?"
    names = rf"(?:{re.escape(name)}-\d+\.)?{re.escape(name)}(?:-peers)?{inside}"
    numbers = "|".join(sorted({str(port) for one in app.served for port in (one.number, one.service_port)}))
    with_port = rf"{names}\.?:(?:{numbers})(?!\d)" if numbers else rf"{names}\.?:\d"
    in_an_address = rf"{_CALLED}(?:{names}{_END}|{with_port})"
    by_an_option = rf"\bhost(?:name)?[= ]{names}{_END}"
    before_a_port = rf"(?:^|[=,\s\"'(\[]){with_port}"
    in_a_text = re.compile(f"{in_an_address}|{by_an_option}|{before_a_port}")
    return _Host(name=name, app=app, alone=re.compile(names), in_a_text=in_a_text)


def _may_call(name: str, app: Application, host: _Host) -> bool:
    is_allowed = any(peer.app == host.name and peer.namespace is None for peer in app.allow_to)
    return is_allowed or any(peer.app == name and peer.namespace is None for peer in host.app.allow_from)


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
