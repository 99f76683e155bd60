"""Users of Docker Compose and Kubernetes find their words answered."""

from __future__ import annotations

import re

import pytest

from infra.settings.annotations import keys_at
from infra.settings.app import words
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.apps.samples import IMAGE

KINDS = ("<web>", "<worker>", "<cron>")
COMPOSE = [
    "build",
    "cap_add",
    "cap_drop",
    "configs",
    "container_name",
    "cpus",
    "depends_on",
    "deploy",
    "devices",
    "dns",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "healthcheck",
    "hostname",
    "ipc",
    "links",
    "logging",
    "mem_limit",
    "mem_reservation",
    "network_mode",
    "networks",
    "pid",
    "privileged",
    "read_only",
    "restart",
    "scale",
    "security_opt",
    "shm_size",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "ulimits",
    "user",
    "working_dir",
]
KUBERNETES = [
    "affinity",
    "containers",
    "envFrom",
    "hostNetwork",
    "imagePullPolicy",
    "imagePullSecrets",
    "initContainers",
    "livenessProbe",
    "nodeSelector",
    "priorityClassName",
    "readinessProbe",
    "restartPolicy",
    "securityContext",
    "serviceAccountName",
    "startupProbe",
    "strategy",
    "targetPort",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumeMounts",
    "workingDir",
]


def message(key: str) -> str:
    app = {"image": IMAGE, "port": 80, key: {}}
    with pytest.raises(SettingsError) as refused:
        build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": {"web": app}})
    return str(refused.value)


@pytest.mark.parametrize("key", [*COMPOSE, *KUBERNETES])
def test_a_word_of_compose_or_kubernetes_is_answered_and_never_guessed_at(key: str) -> None:
    told = message(key)
    assert told.startswith(f"nightowl:apps.web.{key}: unknown key; ")
    assert "did you mean" not in told
    assert "the keys here are" not in told


ANSWERS = [
    *[(("apps",), text) for text in words._APP_WORDS.values()],
    *[(("apps", "health", "readiness"), text) for text in words._PROBE_WORDS.values()],
    *[(("apps", "resources"), text) for text in words._RESOURCE_WORDS.values()],
]


@pytest.mark.parametrize(("place", "text"), sorted(set(ANSWERS)))
def test_a_key_that_an_answer_names_exists(place: tuple[str, ...], text: str) -> None:
    for named in re.findall(r"'([a-zA-Z.]+)'", text):
        *above, key = (*place[1:], *named.split("."))
        holders = [("apps", "web", kind, *above) for kind in KINDS]
        if named != "mount":
            assert any(key in keys_at(StackSettings, holder) for holder in holders), f"{named} in {text!r}"
