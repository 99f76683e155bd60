"""A namespace that is somebody else's is told at preview."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from infra.platforms.existing.namespace import require_namespace
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from tests.apps.samples import worker
from tests.harness import run
from tests.local.fake_api_server import Json, serving

OURS = {"nightowl/data": "kept", "nightowl/stack": "nightowl/test"}
STATE = {"urn": {"type": "kubernetes:core/v1:Namespace", "outputs": {"metadata": {"name": "apps"}}}}


def look(found: Json, *, state: dict[str, Any] | None = None, **namespace: Any) -> None:
    volume = {"mount": "/data", "size": "5Gi", "kind": "persistent"}
    settings = build_settings(
        {
            "platform": {"kind": "existing", "context": "test"},
            "namespace": namespace,
            "apps": {"db": worker(replicas=1, volumes={"data": volume})},
        }
    )
    with serving({"/api/v1/namespaces/apps": found}) as api, patch("infra.kube.connect", lambda *_: api):
        run(lambda: require_namespace(settings), state=state)


def namespace(annotations: dict[str, str] | None) -> Json:
    return {"metadata": {"name": "apps", "annotations": annotations}}


def test_a_namespace_that_is_not_there_yet_is_made() -> None:
    look({"kind": "Status", "code": 404, "message": "not found"})


def test_the_namespace_that_this_stack_left_behind_with_data_is_taken_over() -> None:
    look(namespace(OURS))


@pytest.mark.parametrize(
    ("annotations", "whose"),
    [
        (None, "apps is a namespace of somebody else's on this cluster; choose another name, or set nightowl:names"),
        ({**OURS, "nightowl/stack": "nightowl/prod"}, "apps is a namespace of stack nightowl/prod, with its data"),
    ],
)
def test_a_namespace_of_others_is_refused(annotations: dict[str, str] | None, whose: str) -> None:
    with pytest.raises(SettingsError, match=f"nightowl:namespace.name: {whose}"):
        look(namespace(annotations))


def test_a_namespace_of_others_is_taken_over_where_the_stack_file_says_so() -> None:
    look(namespace(None), existing=True)


def test_the_cluster_is_not_asked_for_a_namespace_that_the_state_has() -> None:
    look(namespace(None), state=STATE)


def test_a_cluster_that_does_not_tell_is_refused() -> None:
    with pytest.raises(SettingsError, match="whether apps is somebody else's cannot be looked up"):
        look({"kind": "Status", "code": 403, "message": "forbidden"})
