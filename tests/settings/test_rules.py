"""What good settings mean, and the limits of the rules: just inside is accepted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Strict, TypeAdapter

from infra.settings.app.application import CronSettings, WebSettings, WorkerSettings
from infra.settings.app.image import check_image
from infra.settings.app.peers import Flow, Peer
from infra.settings.app.schedule import check_schedule
from infra.settings.build import build_settings
from infra.settings.model import Model
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.settings.bad_inputs import SAMPLE


def _settings(overlay: str = "{}") -> StackSettings:
    sections: dict[str, Any] = yaml.safe_load(SAMPLE)
    for name, app in yaml.safe_load(overlay).items():
        sections["apps"][name] = {**sections["apps"].get(name, {}), **app}
    return build_settings(sections)


def _web(overlay: str) -> WebSettings:
    web = _settings(f"{{ web: {overlay} }}").apps["web"]
    assert isinstance(web, WebSettings)
    return web


def test_an_image_and_a_port_make_a_web_app() -> None:
    web = _web("{}")
    assert web.kind == "web"
    assert (web.resources.cpu, web.resources.memory) == (100, 128 * 2**20)
    assert web.autoscaling is not None
    assert (web.autoscaling.min, web.autoscaling.max, web.autoscaling.cpu) == (3, 10, 60)
    assert web.traffic is None


def test_the_kind_chooses_the_model() -> None:
    apps = _settings().apps
    assert [type(app) for app in apps.values()] == [WebSettings, WorkerSettings, CronSettings]


def test_a_stack_may_have_no_apps() -> None:
    assert build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": {}}).apps == {}


def test_settings_cannot_be_changed() -> None:
    settings = _settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.__setattr__("namespace", settings.namespace)


def test_fixed_replicas_switch_the_autoscaler_off() -> None:
    assert _web("{ replicas: 2 }").autoscaling is None


def test_a_target_may_be_memory_alone() -> None:
    scaling = _web("{ scaling: { cpu: null, memory: 70% } }").scaling
    assert scaling is not None
    assert (scaling.cpu, scaling.memory) == (None, 70)


def test_truth_values_and_whole_numbers_need_no_quotes_in_env() -> None:
    assert _web("{ env: { A: true, B: 7, C: '', D: ' x ' } }").env == {"A": "true", "B": "7", "C": "", "D": " x "}


def test_truth_values_and_whole_numbers_need_no_quotes_in_commands() -> None:
    web = _web("{ args: [--port, 8080, --verbose, true], health: { liveness: { exec: [check, 1] } } }")
    assert web.args == ("--port", "8080", "--verbose", "true")
    assert web.health.liveness is not None
    assert web.health.liveness.exec == ("check", "1")


def test_a_bare_reference_is_a_secret_and_a_bare_path_a_probe() -> None:
    web = _web("{ secrets: { key: app/key }, health: { readiness: /readyz } }")
    assert web.secrets["key"].ref == "app/key"
    assert web.health.readiness is not None
    assert web.health.readiness.http == "/readyz"


def test_a_flow_is_read_by_its_form() -> None:
    web = _web("{ allowFrom: [worker, 10.0.0.0/8], allowTo: [{ cidr: '2001:db8::/32', ports: [443] }] }")
    assert web.allow_from[0].app == "worker"
    assert web.allow_from[1].cidr == "10.0.0.0/8"
    balancer: Peer = TypeAdapter(Flow).validate_python("load-balancer")
    assert balancer.load_balancer
    assert web.allow_to[0].ports == (443,)


def test_a_cron_may_call_and_a_worker_may_be_named_as_caller() -> None:
    apps = _settings("{ web: { allowFrom: [worker, job] }, job: { allowTo: [web] } }").apps
    assert len(apps) == 3


@pytest.mark.parametrize(
    "overlay",
    [
        "{ replicas: 1, volumes: { a: { mount: /data, size: 1Gi, kind: persistent } } }",
        "{ volumes: { a: { mount: /data, size: 1Gi, kind: persistent, shared: true } } }",
        "{ volumes: { a: { mount: /data, size: 4Mi }, b: { mount: /data/inner, size: 4Mi } } }",
        "{ volumes: { a: { mount: /data, size: 4Mi } }, files: { /data/app.conf: x } }",
        "{ health: { readiness: /healthz, liveness: { http: /healthz, failures: 6 } } }",
        "{ health: { startup: { http: /a, period: 10s, failures: 59 } }, rollout: { deadline: 10m } }",
        "{ health: { startWithin: 1h } }",
        "{ health: { startWithin: 4s }, rollout: { deadline: 10s } }",
        "{ rollout: { deadline: 126s } }",
        "{ rollout: { finishWithin: 1h, drain: 0s } }",
        "{ scaling: { min: 1000, max: 1000, shrinkAfter: 1h } }",
        "{ traffic: {} }",
        "{ traffic: { host: a.example.com, path: /api } }",
    ],
)
def test_what_lies_just_inside_a_rule_is_accepted(overlay: str) -> None:
    assert _web(overlay).port == 8080


def test_two_apps_may_share_a_host_by_path() -> None:
    apps = "{ web: { traffic: { path: /api } }, two: { image: 'a:1', port: 1, traffic: { path: /ap } } }"
    assert len(_settings(apps).apps) == 4


def test_a_file_is_text() -> None:
    with pytest.raises(SettingsError, match="is binary, which no key takes; put it into the image, or on a volume"):
        _web("{ files: { /etc/logo.png: !!binary aGVsbG8= } }")


@pytest.mark.parametrize(("size", "accepted"), [(2**20, True), (2**20 + 1, False)])
def test_files_and_variables_of_a_container_may_have_one_mebibyte(size: int, *, accepted: bool) -> None:
    sections = yaml.safe_load(SAMPLE)
    sections["apps"]["web"] |= {"files": {"/etc/big": "x" * (size - 3)}, "env": {"A": "xyz"}}
    if accepted:
        assert build_settings(sections)
        return
    with pytest.raises(SettingsError, match="files: 1048577 bytes, with env, are more than the 1 MiB"):
        build_settings(sections)


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.29",
        "registry.example.com:5000/team/app--x/web_1:v1.2-rc.1",
        "ghcr.io/owner/web@sha256:" + "a" * 64,
        "localhost:5000/web:latest@sha256:" + "0" * 64,
    ],
)
def test_a_fixed_image_is_accepted(image: str) -> None:
    assert check_image(image) == image


@pytest.mark.parametrize(
    "schedule",
    ["@hourly", "*/5 * * * *", "0 3 * * mon-fri", "0,30 8-18/2 1 JAN ?", "0 0 31 1,2 *", "0 0 30 2 0", "5/15 * * * *"],
)
def test_a_schedule_of_the_cron_job_controller_is_accepted(schedule: str) -> None:
    assert check_schedule(schedule) == schedule


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
_KEYS = [
    "image",
    "port",
    "env",
    "files",
    "secrets",
    "volumes",
    "init",
    "health",
    "scaling",
    "allowTo",
    "traffic",
    "kind",
]


@given(st.dictionaries(st.sampled_from(["platform", "namespace", "apps", "other"]), _PLAIN))
def test_whatever_the_sections_hold_the_refusal_is_a_list_of_keys(sections: dict[str, Any]) -> None:
    _assert_settings_or_lines(sections)


@given(st.dictionaries(st.sampled_from(_KEYS), _PLAIN), st.dictionaries(st.sampled_from(_KEYS), _PLAIN))
def test_whatever_an_app_holds_the_refusal_is_a_list_of_keys(one: dict[str, Any], two: dict[str, Any]) -> None:
    _assert_settings_or_lines({"platform": {"kind": "existing", "context": "test"}, "apps": {"one": one, "two": two}})


@pytest.mark.parametrize(
    ("sections", "keys"),
    [
        ({"apps": {"web": {"image": "a:1", "port": 1, "health": {"<>": 1}}}}, {'apps.web.health["<>"]'}),
        ({"apps": {"<web>": {"image": "a:1", "port": 1, "colour": 1}}}, {"apps", "apps.colour"}),
    ],
    ids=["key", "name"],
)
def test_what_looks_like_the_tag_of_a_kind_is_refused_like_any_other_key(
    sections: dict[str, Any], keys: set[str]
) -> None:
    with pytest.raises(SettingsError) as refusal:
        build_settings({"platform": {"kind": "existing", "context": "test"}, **sections})
    assert {problem.key for problem in refusal.value.problems} == {f"nightowl:{key}" for key in keys}


def _assert_settings_or_lines(sections: dict[str, Any]) -> None:
    try:
        build_settings(sections)
    except SettingsError as error:
        lines = str(error).split("\n")
        assert all(line.startswith("nightowl:") and ": " in line and len(line) < 400 for line in lines), lines


def test_settings_are_read_without_importing_pulumi_or_kubernetes() -> None:
    code = (
        "import sys, infra.settings.stack_file; print({'pulumi', 'kubernetes', 'pulumi_kubernetes'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_platform_that_is_not_there_is_refused_with_what_there_is() -> None:
    sections = {**yaml.safe_load(SAMPLE), "platform": {"kind": "openshift"}}
    with pytest.raises(SettingsError) as refusal:
        build_settings(sections)
    assert str(refusal.value) == "nightowl:platform.kind: 'openshift' is not existing, eks or guest"


def _models(model: type[Model]) -> Iterator[type[Model]]:
    yield model
    for below in model.__subclasses__():
        yield from _models(below)


def test_a_switch_takes_true_and_false_and_nothing_else() -> None:
    """YAML reads `yes` as a text and Python takes it for true, unless a field is strict."""
    switches = {
        f"{model.__name__}.{name}": field
        for model in _models(Model)
        for name, field in model.model_fields.items()
        if field.annotation is bool
    }
    assert len(switches) > 5
    assert [name for name, field in switches.items() if Strict() not in field.metadata] == []
