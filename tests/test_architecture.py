"""The tree that docs/architecture.md draws exists, and imports point the way that its table says."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = {
    package.replace("\\", ""): int(number)
    for number, packages in re.findall(r"^\| (\d+) \| (.+?) \|", PAGE, re.MULTILINE)
    for package in packages.split(", ")
}
"""Each module or package directly below infra/, and the row that it stands in; imports go to a lower one."""
FOR_POLICIES = {"secret_texts", "system", "urns", "values", "versions"}
USING_POLICIES = {"plan", "ci"}


def modules(folder: str) -> list[Path]:
    return sorted(path.relative_to(REPOSITORY) for path in (REPOSITORY / folder).rglob("*.py"))


def package_of(name: str) -> str:
    """Return the package below infra/ that a module or a path belongs to, `policies` for all of the policy pack."""
    first, *rest = re.split(r"[./]", name.removesuffix(".py"))
    return rest[0] if first == "infra" and rest else first


@functools.cache
def statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    nodes = ast.walk(ast.parse((REPOSITORY / path).read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(path: Path) -> Iterator[str]:
    """List what a module imports of this repository, wherever in it the import stands."""
    for node in statements(path):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "infra":
            names = [f"infra.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        yield from (name for name in names if name.split(".")[0] in {"infra", "policies"})


def drawn() -> Iterator[str]:
    """List the paths of the drawn tree: a name stands below the last one that is indented less."""
    tree = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert tree
    parents: list[tuple[int, str]] = []
    for line in tree[1].splitlines():
        names = re.match(r"( *)((?:\S+ {1,2})*?\S+)(?: {3,}|$)", line)
        assert names, line
        indent = len(names[1])
        parents = [(depth, name) for depth, name in parents if depth < indent]
        above = "".join(name for _, name in parents)
        for name in names[2].split():
            yield above + name
        parents.append((indent, names[2].split()[-1]))


@pytest.mark.parametrize("path", list(drawn()))
def test_the_drawn_tree_exists(path: str) -> None:
    assert (REPOSITORY / path).is_dir() if path.endswith("/") else (REPOSITORY / path).is_file()


def test_every_package_has_a_row() -> None:
    found = {package_of(path.as_posix()) for path in modules("infra")} - {"__init__"}
    assert found == set(ROWS)


def test_imports_point_to_lower_rows() -> None:
    upward = [
        f"{path}: {name}"
        for path in modules("infra")
        for name in imports(path)
        if not allowed(package_of(path.as_posix()), package_of(name))
    ]
    assert upward == []


def allowed(own: str, other: str) -> bool:
    if other == "policies":
        return own in USING_POLICIES
    return other in {own, "infra"} or ROWS[other] < ROWS[own]


def test_the_policy_pack_imports_little_of_the_program() -> None:
    others = {package_of(name) for path in modules("policies") for name in imports(path)} - {"policies"}
    assert others == FOR_POLICIES


def test_no_module_imports_a_private_name_of_another() -> None:
    found = [
        f"{path}: {node.module}.{alias.name}"
        for folder in ("infra", "policies")
        for path in modules(folder)
        for node in statements(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"infra", "policies"}
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert found == []
