"""No secret in a stack file: refused with its key before anything is made, and shown nowhere."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.secret_texts.names import Suspicion, suspicion
from infra.settings.build import PROJECT, build_settings
from infra.settings.load import load
from infra.settings.problems import SettingsError
from infra.settings.stack_file import settings_from_stack_file
from tests.settings.bad_inputs import SAMPLE
from tests.settings.every_key import every_key
from tests.settings.secret_samples import (
    ARGUMENTS,
    FILES,
    HARMLESS_ARGUMENTS,
    HARMLESS_ENV,
    HARMLESS_FILES,
    NAMED,
    TOKENS,
)

TEXTS = tuple(TOKENS.values())
EKS = """
platform: { kind: eks, region: eu-central-1, accountId: "123456789012", tags: {} }
cluster: { access: { deployers: ["arn:aws:iam::123456789012:role/deployer"] } }
nodePools:
  system: { instanceTypes: [m7g.large], min: 2, max: 4, system: true }
  apps: { instanceTypes: [m7g.large], min: 2, max: 4 }
apps: { web: { image: "example.com/web:1", port: 8080 } }
"""
GUEST = """
platform: { kind: guest, region: eu-central-1, accountId: "123456789012", stack: dev }
namespace: { name: pr-1 }
apps: { web: { image: "example.com/web:1", port: 8080 } }
"""


def _sections(sample: str = SAMPLE, *, app: str = "web", **changes: Any) -> dict[str, Any]:
    sections: dict[str, Any] = yaml.safe_load(sample)
    sections["apps"][app] |= changes
    return sections


def _refusal(sections: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refusal:
        build_settings(sections)
    assert refusal.value.__context__ is None
    return str(refusal.value)


def _told(sections: dict[str, Any]) -> str:
    try:
        build_settings(sections)
    except SettingsError as error:
        return str(error)
    return ""


def _keys(text: str) -> list[str]:
    return [line.removeprefix(f"{PROJECT}:").partition(": ")[0] for line in text.split("\n")]


def _assert_shows_nothing_of(texts: Iterable[str], shown: str) -> None:
    """No stretch of eight characters may be seen that has a figure, as no name of a key here has one."""
    for text in texts:
        stretches = {text[start : start + 8] for start in range(max(1, len(text) - 7))}
        telling = {one for one in stretches if any(letter.isdigit() for letter in one)}
        assert [one for one in telling if one in shown] == []


LISTS: dict[str, Callable[[tuple[str, ...]], dict[str, Any]]] = {
    "args": lambda texts: {"args": texts},
    "command": lambda texts: {"command": texts},
    "health.readiness.exec": lambda texts: {"health": {"readiness": {"exec": texts}}},
    "init.it.args": lambda texts: {"init": {"it": {"args": texts}}},
    "sidecars.it.command": lambda texts: {"sidecars": {"it": {"command": texts}}},
    "placement.tolerate": lambda texts: {"placement": {"tolerate": texts}},
    "allowTo": lambda texts: {"allowTo": texts},
}
MAPS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "env": lambda texts: {"env": texts},
    "init.it.env": lambda texts: {"init": {"it": {"command": ["it"], "env": texts}}},
    "sidecars.it.env": lambda texts: {"sidecars": {"it": {"command": ["it"], "env": texts}}},
    "secrets": lambda texts: {"secrets": texts},
    "placement.labels": lambda texts: {"placement": {"labels": texts}},
    "unknown": lambda texts: {"unknown": texts},
}


@pytest.mark.parametrize("place", LISTS)
def test_each_kind_of_secret_is_refused_in_every_list(place: str) -> None:
    shown = _refusal(_sections(**LISTS[place](TEXTS)))
    assert {f"apps.web.{place}[{index}]" for index in range(len(TEXTS))} - set(_keys(shown)) == set()
    _assert_shows_nothing_of(TEXTS, shown)


@pytest.mark.parametrize("place", MAPS)
def test_each_kind_of_secret_is_refused_in_every_mapping(place: str) -> None:
    texts = {f"v{index}": text for index, text in enumerate(TEXTS)}
    shown = _refusal(_sections(**MAPS[place](texts)))
    assert {f"apps.web.{place}.{name}" for name in texts} - set(_keys(shown)) == set()
    _assert_shows_nothing_of(TEXTS, shown)


def test_each_kind_of_secret_is_refused_in_a_file_with_its_line() -> None:
    files = {f"/etc/app/{index}.conf": f"# one\nsetting = on\n{text}\n" for index, text in enumerate(TEXTS)}
    shown = _refusal(_sections(files=files))
    lines = shown.split("\n")
    for path in files:
        assert any(line.startswith(f'nightowl:apps.web.files["{path}"]: line 3 looks like ') for line in lines), path
    _assert_shows_nothing_of(TEXTS, shown)


def test_each_kind_of_secret_is_refused_as_a_key() -> None:
    shown = _refusal(_sections(env=dict.fromkeys(TEXTS, "x"), volumes={text: {} for text in TEXTS}))
    assert set(_keys(shown)) == {'apps.web.env["***"]', 'apps.web.volumes["***"]'}
    _assert_shows_nothing_of(TEXTS, shown)


@pytest.mark.parametrize(
    "place",
    ["platform.context", "platform.kubeconfig", "namespace.name", "apps.web.image", "apps.web.port", "apps.web.kind",
     "apps.web.traffic.path", "apps.web.health.readiness", "apps.web.secrets.key.ref", "other", "apps"],
)  # fmt: skip
def test_each_kind_of_secret_is_refused_under_every_other_key(place: str) -> None:
    for text in TEXTS:
        sections = _sections()
        *way, last = place.split(".")
        section = sections
        for key in way:
            section = section.setdefault(key, {})
        section[last] = text
        shown = _refusal(sections)
        assert place in _keys(shown), shown
        _assert_shows_nothing_of([text], shown)


def test_a_value_is_refused_by_the_name_of_its_variable() -> None:
    shown = _refusal(_sections(env=NAMED))
    assert _keys(shown) == [f"apps.web.env.{name}" for name in NAMED]
    _assert_shows_nothing_of(NAMED.values(), shown)


def test_a_number_can_be_a_password() -> None:
    assert _keys(_refusal(_sections(env={"DB_PASSWORD": 12345678}))) == ["apps.web.env.DB_PASSWORD"]


def test_each_file_with_a_secret_is_refused() -> None:
    shown = _refusal(_sections(files=FILES))
    assert set(_keys(shown)) == {f'apps.web.files["{path}"]' for path in FILES}
    _assert_shows_nothing_of(FILES.values(), shown)


@pytest.mark.parametrize("words", ARGUMENTS, ids=lambda words: " ".join(words[:-1]))
def test_the_word_of_a_command_that_is_a_secret_is_refused(words: tuple[str, ...]) -> None:
    shown = _refusal(_sections(args=words))
    assert _keys(shown) == [f"apps.web.args[{len(words) - 1}]"]
    _assert_shows_nothing_of(words[-1:], shown)


@pytest.mark.parametrize("sample", [SAMPLE, EKS, GUEST], ids=["existing", "eks", "guest"])
def test_the_platform_makes_no_difference(sample: str) -> None:
    sections = _sections(sample, env={"DB_PASS": "hunter2"})
    sections["platform"]["tags"] = {"ApiKey": "hunter2"}
    shown = _refusal(sections)
    assert {"apps.web.env.DB_PASS", "platform.tags.ApiKey"} <= set(_keys(shown))
    assert "hunter2" not in shown


@pytest.mark.parametrize("app", ["web", "worker", "job"])
def test_the_kind_of_app_makes_no_difference(app: str) -> None:
    shown = _refusal(_sections(app=app, env={"DB_PASS": "hunter2"}))
    assert shown == (
        f"nightowl:apps.{app}.env.DB_PASS: looks like a password; keep it in a store (and replace it, if anybody saw "
        f"it) and name its place under apps.{app}.secrets, or list env.DB_PASS in apps.{app}.notSecret if it is none"
    )


def test_all_mistakes_are_told_at_once_and_no_other_message_speaks_of_a_secret() -> None:
    sections = _sections(
        image=TOKENS["GitHub classic"], port="http", env={"1B": 1, "DB_PASS": "hunter2"}, allowTo=[TOKENS["Stripe"]]
    )
    assert sorted(_keys(_refusal(sections))) == [
        "apps.web.allowTo[0]", "apps.web.env.1B", "apps.web.env.DB_PASS", "apps.web.image", "apps.web.port",
    ]  # fmt: skip


def test_more_than_a_hundred_harmless_neighbours_pass() -> None:
    assert len(HARMLESS_ENV) + len(HARMLESS_FILES) + len(HARMLESS_ARGUMENTS) > 100
    build_settings(_sections(env=HARMLESS_ENV, files=HARMLESS_FILES, args=HARMLESS_ARGUMENTS))


@pytest.mark.parametrize("platform", ["existing", "eks", "guest"])
def test_no_key_of_the_stack_file_itself_is_called_like_a_secret(platform: str) -> None:
    names = {part for key in every_key(platform) for part in key.split(".")}
    suspected = {name for name in names if suspicion(name) in {Suspicion.LITERAL, Suspicion.HUMAN}}
    assert suspected == {"secrets", "pullSecrets", "notSecret"}


def test_the_program_refuses_it_too() -> None:
    sections = _sections(env={"DB_PASS": "hunter2"})
    pulumi.runtime.set_all_config({f"{PROJECT}:{key}": json.dumps(value) for key, value in sections.items()}, [])
    with pytest.raises(pulumi.RunError) as refusal:
        load()
    assert str(refusal.value) == _refusal(sections)
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


def test_a_credential_of_a_provider_is_refused_unless_pulumi_has_encrypted_it() -> None:
    own = {f"{PROJECT}:{key}": json.dumps(value) for key, value in _sections().items()}
    pulumi.runtime.set_all_config({**own, "aws:region": "eu-central-1", "aws:secretKey": "hunter2"}, [])
    with pytest.raises(
        pulumi.RunError, match=r"^aws:secretKey: looks like a key, and nothing here is kept secret"
    ) as no:
        load()
    assert "hunter2" not in str(no.value)
    pulumi.runtime.set_all_config({**own, "aws:secretKey": "hunter2"}, ["aws:secretKey"])
    assert load() == build_settings(_sections())


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  aws:secretKey: {secret}\n",
        "config:\n  aws:assumeRoles: [{{ token: {secret} }}]\n",
        "config:\n  {secret}: 1\n",
        "config:\n  nightowl:{secret}: 1\n",
        "config:\n  nightowl:apps: {{ web: {{ env: {{ {secret}: .nan }} }} }}\n",
        "config:\n  nightowl:apps: {{ {secret}: {{}}, {secret}: {{}} }}\n",
        "config:\n  nightowl:apps: {{ web: {{ env: {{ TOKEN: *{secret} }} }} }}\n",
        "config:\n  nightowl:apps: {{ web: {{ env: {{ TOKEN: !{secret} x }} }} }}\n",
        "config:\n  nightowl:apps: {{ web: {{ env: {{ ? [{secret}] : x }} }} }}\n",
        "config:\n  nightowl:apps: {{ web: {{ env: {{ !!binary {secret}: x }} }} }}\n",
        "{secret}: 1\n",
        "{secret}\n",
    ],
)
def test_a_file_that_is_no_stack_file_shows_no_secret_either(tmp_path: Path, text: str) -> None:
    secret = TOKENS["GitHub classic"]
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(text.format(secret=secret))
    with pytest.raises(SettingsError) as refusal:
        settings_from_stack_file(file)
    _assert_shows_nothing_of([secret], "".join(traceback.format_exception(refusal.value)))


def test_what_only_looks_like_a_secret_passes_where_the_app_says_so() -> None:
    jwt, password = TOKENS["JWT"], "hunter2"
    app = {
        "env": {"ANON_JWT": jwt, "DB_PASS": password},
        "args": ["serve", jwt],
        "files": {"/etc/app.conf": f"db.password = {password}\n{jwt}\n"},
        "init": {"it": {"command": ["it"], "env": {"DB_PASS": password}}},
    }
    entries = [
        "env.ANON_JWT",
        "env.DB_PASS",
        "args[1]",
        'files["/etc/app.conf"].db.password',
        'files["/etc/app.conf"].json-web-token',
        "init.it.env.DB_PASS",
    ]
    build_settings(_sections(**app, notSecret=entries))
    told = [line.partition(", or list ")[2].partition(" in apps.web.notSecret")[0] for line in
            _refusal(_sections(**app)).split("\n")]  # fmt: skip
    assert sorted(told) == sorted(entries)


def test_an_allowance_covers_one_thing_in_a_file_and_no_other() -> None:
    files = {"/etc/app.conf": "example.password = hunter2\ndb.password = hunter3\n"}
    entry = 'files["/etc/app.conf"].example.password'
    shown = _refusal(_sections(files=files, notSecret=[entry]))
    assert "line 2 looks like a password (db.password)" in shown
    assert len(shown.split("\n")) == 1


def test_an_allowance_for_another_app_does_not_count() -> None:
    sections = _sections(env={"DB_PASS": "hunter2"})
    sections["apps"]["worker"]["notSecret"] = ["env.DB_PASS"]
    assert _keys(_refusal(sections)) == ["apps.web.env.DB_PASS", "apps.worker.notSecret[0]"]


@pytest.mark.parametrize(
    "entry", ["env.DB_PASS", "env.LEVEL", "env", "nothing", 'files["/etc/app.conf"]', "args[7]", ""]
)
def test_an_allowance_that_allows_nothing_is_stale(entry: str) -> None:
    sections = _sections(env={"LEVEL": "info"}, files={"/etc/app.conf": "password = hunter2\n"}, notSecret=[entry])
    line = "nightowl:apps.web.notSecret[0]: names nothing that looks like a secret; remove it"
    assert line in _refusal(sections).split("\n")


def test_an_allowance_is_listed_once() -> None:
    twice = _sections(env={"DB_PASS": "hunter2"}, notSecret=["env.DB_PASS", "env.DB_PASS"])
    assert _refusal(twice) == "nightowl:apps.web.notSecret[1]: is listed twice; remove one"


def test_a_value_that_stands_at_thousands_of_places_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    monkeypatch.setattr("infra.settings.secret_places.in_file", lambda path, content: judged.append(path) or [])
    content = "key = value\n" * 1000
    sections = _sections(
        init={f"it{index}": {"command": ["it"], "files": {"/etc/app.conf": content}} for index in range(500)}
    )
    build_settings(sections)
    assert judged == ["/etc/app.conf"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60), st.booleans())
def test_a_password_of_any_characters_is_harmless_or_refused_and_never_shown(password: str, in_file: bool) -> None:
    mark = f"{password}Zq7"
    change: dict[str, Any] = (
        {"files": {"/etc/app.conf": f'password = "{mark}"\n'}} if in_file else {"env": {"DB_PASS": mark}}
    )
    assert "Zq7" not in _told(_sections(**change))
