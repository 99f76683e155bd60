"""Applications know no cloud, and meet their platform only in infra/stack.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[2] / "infra"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted((INFRA / "apps").rglob("*.py")), ids=lambda path: path.name)
def test_no_app_module_imports_a_cloud_or_a_platform(path: Path) -> None:
    forbidden = (
        "pulumi_aws",
        "pulumi_eks",
        "boto3",
        "infra.platforms.eks",
        "infra.platforms.existing",
        "infra.platforms.guest",
        "infra.settings.eks",
    )
    assert [name for name in _imports(path) if name.startswith(forbidden)] == []


def test_a_platform_imports_no_app_module() -> None:
    assert [
        name for path in (INFRA / "platforms").rglob("*.py") for name in _imports(path) if name.startswith("infra.apps")
    ] == []


@pytest.mark.parametrize("path", sorted((INFRA / "apps").rglob("*.py")), ids=lambda path: path.name)
def test_components_read_no_configuration(path: Path) -> None:
    assert "pulumi.Config" not in path.read_text(encoding="utf-8")
