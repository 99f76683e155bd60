"""`build` of an app, in a stack file and in one that stacks on several platforms extend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings.build import build_settings
from infra.settings.stack_file import settings_from_stack_file
from tests.apps.samples import web
from tests.settings.every_form import EXISTING, ON_EKS

GUEST: dict[str, Any] = {
    "platform": {"kind": "guest", "stack": "dev", "region": "eu-central-1", "accountId": "111122223333"},
    "namespace": {"name": "pr-7"},
}


@pytest.mark.parametrize("folder", ["web", "apps/web", ".docker/web", "apps/web.v2", "a-b/c_d"])
def test_folders_inside_the_repository_are_accepted(folder: str) -> None:
    assert build_settings({**EXISTING, "apps": {"web": web(build=folder)}}).builds == {"web": folder}


@pytest.mark.parametrize("sections", [ON_EKS, EXISTING, GUEST], ids=["EKS", "a cluster that is there", "guest"])
def test_a_base_with_a_build_folder_serves_every_platform(sections: dict[str, Any], tmp_path: Path) -> None:
    def write(name: str, config: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.write_text(yaml.safe_dump({"config": {f"nightowl:{key}": value for key, value in config.items()}}))
        return path

    write("base.yaml", {"apps": {"web": web(build="apps/web")}})
    file = write("Pulumi.test.yaml", {"extends": "base", **sections})

    assert settings_from_stack_file(file).builds == {"web": "apps/web"}


def test_two_dashes_in_the_name_of_an_app_are_no_matter_where_no_repository_is_made_of_it() -> None:
    assert build_settings({**EXISTING, "apps": {"my--app": web(build="apps/my")}}).builds == {"my--app": "apps/my"}
