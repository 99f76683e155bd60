"""Broken input: whatever stands in a file, an import ends well or says in one message what is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import integers, randoms

from infra.errors import UsageError
from infra.importing.acceptance import accepted
from infra.importing.kubernetes.mapper import import_kubernetes
from infra.importing.marathon.mapper import import_marathon
from infra.importing.report import report_json
from infra.importing.stack_text import stack_text
from tests.importing.kubernetes.importing import deployment, service
from tests.importing.kubernetes.test_apps import AUTOSCALER, DATABASE, HEADLESS, INGRESS, NIGHTLY, SETTINGS

SHOP = Path(__file__).parent / "marathon" / "shop.json"
WEB = deployment(
    pod="volumes: [{ name: conf, configMap: { name: settings } }, { name: pass, secret: { secretName: s } }]\n"
    "tolerations: [{ key: spot, operator: Exists }]\naffinity: { podAntiAffinity: {} }",
    container="""
    command: [sh, -c, exec web]
    ports: [{ containerPort: 8080, name: http }]
    env:
      - { name: API_PASSWORD, value: hoot-hoot-1234 }
      - { name: IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
    envFrom: [{ configMapRef: { name: settings } }]
    readinessProbe: { httpGet: { path: /, port: http } }
    lifecycle: { preStop: { exec: { command: [sleep, "5"] } } }
    resources: { requests: { cpu: 250m }, limits: { memory: 1Gi } }
    securityContext: { runAsUser: 1000, capabilities: { add: [NET_ADMIN], drop: [ALL] } }
    volumeMounts: [{ name: conf, mountPath: /etc/web }, { name: pass, mountPath: /pass, subPath: word }]
    """,
)
MANIFESTS = [
    yaml.safe_load(one) for one in (WEB, service(), INGRESS, AUTOSCALER, SETTINGS, DATABASE, HEADLESS, NIGHTLY)
]
ODD: tuple[Any, ...] = (
    None, "", 0, -1, True, [], {}, 10**30, 1e308, float("inf"), "9" * 5000, "a" * 300, "é\u202e", "../../etc/passwd",
    "$(X)", "a b", ".", "/", "a/b:c@d", "200%", "12:30", ["a"], [None], [[]], [{}], {"": ""}, {"a": {"b": [1]}},
    "line\nline", "'", "{{ x }}",
)  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the places of all values inside another one."""
    steps: list[Any] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        steps = list(range(len(value)))
    return [inner for step in steps for inner in ((*place, step), *places(value[step], (*place, step)))]


def mutate(document: Any, random: Random) -> None:
    """Delete, retype, repeat, move or rename one value of a document."""
    found = places(document)
    if not found:
        return
    place = random.choice(found)
    above = document
    for step in place[:-1]:
        above = above[step]
    step = place[-1]
    match random.choice(["delete", "odd", "odd", "repeat", "wrap", "rename"]):
        case "delete":
            del above[step]
        case "odd":
            above[step] = deepcopy(random.choice(ODD))
        case "repeat" if isinstance(above, list):
            above.insert(step, deepcopy(above[step]))
        case "repeat" | "rename" if isinstance(above, dict):
            above[random.choice(["", "é", f"{step}.x", "a/b"])] = deepcopy(above[step])
        case _:
            above[step] = [above[step]] if isinstance(above[step], str) else str(above[step])


@pytest.mark.parametrize("orchestrator", ["kubernetes", "marathon"])
@given(random=randoms(use_true_random=False), changes=integers(1, 5))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_value_of_any_kind_at_any_place_ends_in_a_traceback(
    orchestrator: str, random: Random, changes: int, tmp_path: Path
) -> None:
    is_marathon = orchestrator == "marathon"
    document = json.loads(SHOP.read_text()) if is_marathon else deepcopy(MANIFESTS)
    for _ in range(changes):
        mutate(document, random)
    file = tmp_path / "shop.yaml"
    file.write_text(json.dumps(document) if is_marathon else yaml.dump_all(document, Dumper=yaml.CSafeDumper))
    try:
        imported = (import_marathon if is_marathon else import_kubernetes)([file], "shop")
        findings = accepted(imported.draft, imported.findings)
    except UsageError:
        return
    stack_text(imported.draft)
    json.dumps(report_json(findings, imported.draft.steps))


@pytest.mark.parametrize("number", ["1e308", "-1E101", "Infinity"])
def test_a_number_that_nobody_can_reckon_with_is_refused_with_its_line(number: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(f'{{"id": "/web",\n"upgradeStrategy": {{"maximumOverCapacity": {number}}}}}')
    with pytest.raises(UsageError, match=rf"shop\.json:2: {number} is no number"):
        import_marathon([file], "shop")
