from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.paths import ClusterPaths


def test_a_state_folder_written_with_dots_is_made_plain_because_processes_are_found_by_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", f"{tmp_path}/one/../two")

    assert ClusterPaths("it").root == tmp_path / "two" / "nightowl" / "clusters" / "it"
