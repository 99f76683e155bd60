"""What of a pull request's state is refused before an engine reads it. The real engine: tests/e2e/aws_program."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.ci.ephemeral.checked_state import RESOURCE_TYPES, Expected, checked_state
from infra.ci.ephemeral.removal import expected_state, private_copy
from infra.ci.ephemeral.states import UnsafeStateError
from infra.ci.workspace import project_workspace
from infra.engine.workspace import Workspace
from tests.harness import REPOSITORY, build_apps
from tests.platforms.guest.test_guest import SHARING, WEB, guest, run_guest

KEY = "awskms:///alias/nightowl-pulumi?region=eu-central-1&awssdk=v2"
URN = "urn:pulumi:pr-7::nightowl::"
PLATFORM = {"kind": "eks", "region": "eu-central-1", "accountId": "111122223333"}


def workspace(backend: str = "s3://x") -> Workspace:
    return project_workspace(REPOSITORY, backend, KEY)


def expected() -> Expected:
    return expected_state("pr-7", "dev", PLATFORM, workspace(), {"kubeconfig": "the base's own"})


def provider(package: str, **inputs: Any) -> dict[str, Any]:
    urn = f"{URN}pulumi:providers:{package}::{package}"
    type_ = f"pulumi:providers:{package}"
    return {"urn": urn, "custom": True, "id": "1", "type": type_, "inputs": {"__internal": {}, **inputs}}


def resource(type_: str, **keys: Any) -> dict[str, Any]:
    return {"urn": f"{URN}{type_}::web", "custom": True, "id": "1", "type": type_, **keys}


def state() -> dict[str, Any]:
    resources = [
        {"urn": f"{URN}pulumi:pulumi:Stack::nightowl-pr-7", "custom": False, "type": "pulumi:pulumi:Stack"},
        provider("aws", region="eu-central-1", version="7.50.0"),
        provider("kubernetes", kubeconfig="{}", version="4.30.0"),
        resource("kubernetes:apps/v1:Deployment", inputs={"spec": {"replicas": 1}}),
    ]
    secrets = {"type": "cloud", "state": {"url": KEY, "encryptedkey": "AQIC"}}
    latest = {"manifest": {}, "metadata": {}, "secrets_providers": secrets, "resources": resources}
    return {"version": 3, "checkpoint": {"stack": "organization/nightowl/pr-7", "latest": latest}}


def made_of(document: object) -> list[dict[str, Any]]:
    return json.loads(checked_state(json.dumps(document).encode(), expected()))["checkpoint"]["latest"]["resources"]


def latest(document: dict[str, Any]) -> dict[str, Any]:
    return document["checkpoint"]["latest"]


def adds(one: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: latest(document)["resources"].append(one)


def sets(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: latest(document).update({key: value})


def test_the_providers_are_the_pipelines_own_whatever_the_state_says_of_them() -> None:
    _, aws, kubernetes, deployment = made_of(state())
    assert kubernetes["inputs"]["kubeconfig"] == "the base's own"
    assert kubernetes["inputs"]["version"] != "4.30.0", "the plugin of that version is not there to be run"
    assert (aws["inputs"]["region"], json.loads(aws["inputs"]["allowedAccountIds"])) == (
        "eu-central-1",
        ["111122223333"],
    )
    assert (aws["urn"], kubernetes["id"]) == (f"{URN}pulumi:providers:aws::aws", "1")
    assert deployment == latest(state())["resources"][3]


@pytest.mark.parametrize("key", ["protect", "retainOnDelete", "deletedWith"])
def test_nothing_that_a_state_says_lets_a_resource_outlive_the_stack(key: str) -> None:
    document = state()
    latest(document)["resources"][3][key] = True
    assert key not in made_of(document)[3]


def test_plugins_that_a_state_names_by_their_paths_are_left_out() -> None:
    document = state()
    latest(document)["manifest"] = {"version": "v3.274.1", "plugins": [{"name": "aws", "path": "/evil"}]}
    latest(document)["metadata"] = {"integrity_error": {"error": "x"}}
    checked = json.loads(checked_state(json.dumps(document).encode(), expected()))
    assert latest(checked)["manifest"] == {"version": "v3.274.1"}
    assert latest(checked)["metadata"] == {}


@pytest.mark.parametrize("key", ["Snippets", "EXTENSIONS", "Secrets_Providers"])
def test_a_key_in_other_letters_which_the_engine_would_read_is_refused(key: str) -> None:
    document = state()
    latest(document)[key] = {}
    with pytest.raises(UnsafeStateError, match=f"{key} in checkpoint.latest"):
        made_of(document)


@pytest.mark.parametrize(
    "urn",
    [
        f"{URN}pulumi:providers:pulumi-python::aws",
        f"{URN}pulumi:providers:aws$pulumi:providers:command::aws",
        "urn:pulumi:dev::nightowl::pulumi:providers:aws::aws",
        "urn:pulumi:pr-7::other::pulumi:providers:aws::aws",
        "pulumi:providers:aws",
        7,
    ],
)
def test_a_urn_by_which_the_engine_would_start_another_provider_is_refused(urn: Any) -> None:
    document = state()
    latest(document)["resources"][1]["urn"] = urn
    with pytest.raises(UnsafeStateError, match=r"the URN .* of a resource of the type 'pulumi:providers:aws'"):
        made_of(document)


def test_a_state_without_resources_is_written_anew_too() -> None:
    twice = b'{"version": 3, "checkpoint": {"stack": "organization/nightowl/pr-7", "latest": {"x": 1}, "latest": null}}'
    assert json.loads(checked_state(twice, expected()))["checkpoint"]["latest"] is None
    assert b'"x"' not in checked_state(twice, expected())


ENGINES_OWN = "pulumi:pulumi:"
DEEP: Any = {}
for _ in range(200):
    DEEP = {"x": DEEP}

HOSTILE: dict[str, Callable[[dict[str, Any]], None]] = {
    "a provider from elsewhere": adds(provider("aws", __internal={"pluginDownloadURL": "https://example.org"})),
    "a provider from elsewhere, as an output": adds(
        {**provider("aws"), "outputs": {"__internal": {"pluginDownloadURL": "https://example.org"}}}
    ),
    "a provider with parameters": adds(provider("aws", __internal={"parameterization": {"name": "x"}})),
    "an unknown provider": adds(provider("evil")),
    "a provider of commands": adds(provider("command")),
    "a provider of pickled code": adds(provider("pulumi-python")),
    "a setting for the engine's own provider": adds(provider("pulumi", pluginDownloadURL="https://example.org")),
    "another endpoint of AWS": adds(provider("aws", endpoints='[{"sts": "https://example.org"}]')),
    "a token file that goes to AWS": adds(provider("aws", assumeRoleWithWebIdentity="{}")),
    "a profile with a process": adds(provider("aws", profile="x", sharedConfigFiles='["/tmp/x"]')),
    "a command": adds(resource("command:local:Command", inputs={"delete": "true"})),
    "pickled code": adds(resource("pulumi-python:dynamic:Resource", inputs={"__provider": "gASV"})),
    "a chart": adds(resource("kubernetes:helm.sh/v3:Release")),
    "a secret of the cluster": adds(resource("kubernetes:core/v1:Secret")),
    "a user": adds(resource("aws:iam/user:User")),
    "another stack's outputs": adds(resource(f"{ENGINES_OWN}StackReference")),
    "a group that a provider manages": adds({**resource("nightowl:apps:App"), "custom": True}),
    "a hook": adds({**resource("kubernetes:core/v1:Service"), "resourceHooks": {"beforeDelete": ["x"]}}),
    "a resource that is only looked at": adds({**resource("kubernetes:core/v1:Service"), "external": True}),
    "an extension": adds({**resource("kubernetes:core/v1:Service"), "extensionRef": "x"}),
    "a file": adds(
        resource("kubernetes:core/v1:ConfigMap", inputs={"4dabf18193072939515e22adb298388d": "c44067f5", "path": "/x"})
    ),
    "a deep value": adds(resource("kubernetes:core/v1:ConfigMap", inputs=DEEP)),
    "no resource": adds(["a list"]),
    "a pending operation": sets(
        "pending_operations", [{"type": "deleting", "resource": resource("command:local:Run")}]
    ),
    "a snippet": sets("snippets", [{"source": "x"}]),
    "an extension's code": sets("extensions", {"x": {}}),
    "another key for secrets": sets(
        "secrets_providers", {"type": "cloud", "state": {"url": f"{KEY}&endpoint=https://example.org"}}
    ),
    "a passphrase for secrets": sets("secrets_providers", {"type": "passphrase", "state": {"salt": "v1:x"}}),
    "a service for secrets": sets("secrets_providers", {"type": "service", "state": {"url": "https://example.org"}}),
    "resources that are none": sets("resources", "x"),
    "another stack": lambda document: document["checkpoint"].update(stack="organization/nightowl/dev"),
    "another version": lambda document: document.update(version=4, features=["snippets"]),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_state_with_anything_else_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(state())
    change(document)
    with pytest.raises(UnsafeStateError, match="the state has what no stack of a pull request records: "):
        made_of(document)


@pytest.mark.parametrize("data", [b"", b"[", b"\xff", b"[" * 100_000], ids=["empty", "cut", "bytes", "deep"])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(UnsafeStateError, match="the state of pr-7 is not JSON"):
        checked_state(data, expected())


def test_a_stack_to_which_nothing_was_deployed_has_nothing_to_check() -> None:
    document = {"version": 3, "checkpoint": {"stack": "organization/nightowl/pr-7"}}
    assert json.loads(checked_state(json.dumps(document).encode(), expected())) == document


def test_all_that_a_stack_of_a_pull_request_makes_is_known_and_nothing_else() -> None:
    volume = {"cache": {"kind": "persistent", "mount": "/cache", "size": "1Gi"}}
    apps = {
        "web": {**WEB, "env": {"A": "b"}, "secrets": {"session-key": "dev/web/session-key"}},
        "disk": {"kind": "worker", "image": WEB["image"], "replicas": 1, "volumes": volume},
        "report": {"kind": "cron", "image": WEB["image"], "schedule": "0 * * * *"},
        "seed": {"kind": "job", "image": WEB["image"]},
    }
    on_eks = run_guest(guest(apps=apps), sharing=SHARING).graph.resources
    on_any = build_apps(
        {"web": WEB}, namespace={"name": "pr-7"}, platform={"ingress": {"className": "nginx", "namespace": "ingress"}}
    ).resources
    made = {one.type for one in (*on_eks, *on_any) if one.custom and not one.type.startswith("pulumi:")}
    assert made == RESOURCE_TYPES


def test_the_engine_that_removes_downloads_no_plugin_and_reads_the_copy() -> None:
    own = private_copy(workspace("s3://shared"), Path("/copy"))
    assert own.environment["PULUMI_BACKEND_URL"] == "file:///copy"
    assert own.environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
