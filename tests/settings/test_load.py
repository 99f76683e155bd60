"""The program's settings come from Pulumi's configuration, and are refused before anything is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from typing_extensions import override

from infra.settings.build import build_settings
from infra.settings.load import load
from tests.settings.bad_inputs import SAMPLE


@pytest.fixture(autouse=True)
def _no_configuration_of_other_tests() -> Iterator[None]:
    pulumi.runtime.set_all_config({}, [])
    yield
    pulumi.runtime.set_all_config({}, [])


def _configure(sections: dict[str, Any], secret_keys: list[str] | None = None) -> None:
    config = {f"nightowl:{key}": json.dumps(value) for key, value in sections.items()}
    pulumi.runtime.set_all_config(config, secret_keys or [])


def _refusal() -> list[str]:
    with pytest.raises(pulumi.RunError) as refusal:
        load()
    return str(refusal.value).split("\n")


def test_the_configuration_becomes_the_settings() -> None:
    _configure(yaml.safe_load(SAMPLE))
    assert load() == build_settings(yaml.safe_load(SAMPLE))


def test_without_configuration_each_required_section_is_named() -> None:
    assert _refusal() == ["nightowl:platform: is required", "nightowl:apps: is required"]


def test_a_misspelt_section_is_refused_although_pulumi_lets_it_pass() -> None:
    _configure({**yaml.safe_load(SAMPLE), "namespcae": {"name": "apps"}})
    assert _refusal() == ["nightowl:namespcae: unknown key; did you mean 'namespace'?"]


def test_a_misspelt_section_that_must_be_there_is_told_once() -> None:
    sections = yaml.safe_load(SAMPLE)
    _configure({"platfrom": sections.pop("platform"), **sections})
    assert _refusal() == ["nightowl:platfrom: unknown key; did you mean 'platform'?"]


def test_a_section_that_is_a_bare_text_is_refused() -> None:
    pulumi.runtime.set_all_config({"nightowl:platform": "existing", "nightowl:apps": "{}"}, [])
    assert _refusal() == ["nightowl:platform: 'existing' is not a mapping; write keys below it"]


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '{"kind": NaN, "context": "test"}', '{"a": 1', "true"])
def test_whatever_the_configuration_holds_it_is_refused_without_a_traceback(text: str) -> None:
    pulumi.runtime.set_all_config({"nightowl:platform": text, "nightowl:apps": "{}"}, [])
    assert all(line.startswith("nightowl:platform") and len(line) < 200 for line in _refusal())


def test_a_section_without_value_is_empty() -> None:
    pulumi.runtime.set_all_config({"nightowl:platform": "", "nightowl:apps": "{}"}, [])
    assert _refusal() == ["nightowl:platform: is empty; remove the key, or write keys below it ({} for none)"]


def test_a_date_that_pulumi_has_changed_is_refused() -> None:
    sections = yaml.safe_load(SAMPLE)
    sections["apps"]["web"]["env"] = {"DATE": "2026-11-23 00:00:00 +0000 UTC"}
    _configure(sections)
    assert _refusal() == ["nightowl:apps.web.env.DATE: is a date that YAML has changed; put it in quotes"]


def test_an_encrypted_section_is_refused_and_not_shown() -> None:
    _configure(yaml.safe_load(SAMPLE), ["nightowl:apps"])
    assert _refusal() == [
        "nightowl:apps: has an encrypted value; settings name where a secret is kept and never hold it"
    ]


def test_keys_of_other_projects_and_providers_are_left_alone() -> None:
    _configure(yaml.safe_load(SAMPLE))
    pulumi.runtime.set_config("aws:region", "eu-central-1")
    assert set(load().apps) == {"web", "worker", "job"}


class _Nothing(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return args.name, {}

    def call(self, args: MockCallArgs) -> dict[Any, Any]:
        return {}


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.names: list[str] = []

    @override
    def RegisterResource(self, request: Any) -> Any:
        self.names.append(request.name)
        return super().RegisterResource(request)


class _Thing(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Thing", name)


def _program() -> None:
    settings = load()
    for name in settings.apps:
        _Thing(name)


def _run(sections: dict[str, Any]) -> list[str]:
    pulumi.runtime.reset_options()
    monitor = _Recorder(_Nothing())
    pulumi.runtime.set_mocks(monitor.mocks, project="nightowl", stack="test", monitor=monitor)
    _configure(sections)
    try:
        pulumi.runtime.test(_program)()
    except pulumi.RunError:
        monitor.names.append("refused")
    return [name for name in monitor.names if name != "nightowl-test"]


def test_a_refused_configuration_registers_no_resource() -> None:
    sections = yaml.safe_load(SAMPLE)
    assert sorted(_run(sections)) == ["job", "web", "worker"]
    sections["apps"]["job"]["schedule"] = "never"
    assert _run(sections) == ["refused"]
