"""Every path, command and configuration key that the documentation names exists."""

from __future__ import annotations

import ast
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import typer
from botocore import xform_name

from infra.cli import app
from infra.settings.reference import reference

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "examples").rglob("*.md")),
]
DECISIONS = sorted((REPOSITORY / "docs" / "decisions").glob("[0-9]*.md"))
DECISION_HEAD = re.compile(
    r"# (?P<number>\d{4}): (?P<title>.+)\n\n"
    r"Status: (accepted|superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\)), \d{4}-\d{2}-\d{2}\..*\n\n## Context\n"
)
"""Title, status and date of a decision. Text after the date says what it supersedes, or what was wrong."""
TOP_LEVEL = {entry.name for entry in REPOSITORY.iterdir()}
MADE_BY_COMMANDS = {".venv", "stacks/Pulumi.ballots.yaml", "policies/ballots.json"}
"""Files and top folders."""
PLACEHOLDER = re.compile(r"[<*{]|\b[A-Z]{3,}\b")
KEY = re.compile(r"(?<!/)nightowl:([a-zA-Z]+)\b(?!=)")
AWS_GLOBAL_OPTIONS = {"--output", "--profile", "--query", "--region"}
AWS_OWN_COMMANDS = {
    ("eks", "update-kubeconfig"): {"--name", "--role-arn", "--alias"},
    ("s3", "rb"): {"--force"},
}
"""Commands of the AWS command line that are no operation of a service (AWS CLI Command Reference)."""


def code_spans(text: str) -> list[str]:
    """All code of a document: inline spans, and the lines of fenced blocks but drawings."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M)
    lines = [line.strip() for language, block in fenced if language != "mermaid" for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    return [*lines, *inline]


def test_no_message_names_a_page_which_a_project_of_ones_own_does_not_have() -> None:
    found: list[str] = []
    for folder in ("infra", "policies", "template"):
        for module in (REPOSITORY / folder).rglob("*.py"):
            tree = ast.parse(module.read_text())
            descriptions = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            found += [
                f"{module.relative_to(REPOSITORY)}:{node.lineno}: {node.value}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in descriptions
                if re.search(r"(?<![\w/])docs/[\w/-]+\.md", node.value)
            ]
    assert found == []


def named(pattern: str) -> Iterator[Any]:
    """Each piece of code in the documentation that starts as `pattern`, with its document."""
    for document in DOCUMENTS:
        for span in code_spans(document.read_text()):
            for piece in re.split(r"\s*(?:&&|;|\|)\s*", span):
                command = piece.removeprefix("$ ").split("  #")[0].strip()
                if re.match(pattern, command):
                    yield pytest.param(command, id=f"{document.name}: {command}")


def paths() -> Iterator[Any]:
    for document in DOCUMENTS:
        for span in code_spans(document.read_text()):
            first = span.split("/")[0]
            if first in TOP_LEVEL and " " not in span and not PLACEHOLDER.search(span):
                yield pytest.param(span, id=f"{document.name}: {span}")


def links() -> Iterator[Any]:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target:
                yield pytest.param(document.parent / target, id=f"{document.name}: {target}")


@pytest.mark.parametrize("path", list(paths()))
def test_a_path_in_the_documentation_exists(path: str) -> None:
    file, _, line = path.partition(":")
    assert (REPOSITORY / file).exists() or {file, file.split("/")[0]} & MADE_BY_COMMANDS
    assert not line or line.isdigit() or line.startswith(":")


@pytest.mark.parametrize("target", list(links()))
def test_a_link_in_the_documentation_leads_somewhere(target: Path) -> None:
    assert target.exists()


@pytest.mark.parametrize("command", list(named(r"make [a-z]")))
def test_a_make_target_in_the_documentation_exists(command: str) -> None:
    targets = re.findall(r"^([a-z0-9]+):", (REPOSITORY / "Makefile").read_text(), re.M)
    words = [word for word in command.split()[1:] if "=" not in word]
    assert set(words) <= set(targets)


@functools.cache
def whole_command() -> Any:
    return typer.main.get_command(app)


@pytest.mark.parametrize("command", list(named(r"nightowl [a-z]")))
def test_a_command_in_the_documentation_is_one_that_nightowl_understands(command: str) -> None:
    words = shlex.split(command.replace('"$(', "").replace(')"', ""))[1:]
    current = whole_command()
    while words and hasattr(current, "commands") and words[0] in current.commands:
        current = current.commands[words.pop(0)]
    assert not hasattr(current, "commands") or not words, f"no such command: {words[0]}"
    options = {option for parameter in current.params for option in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= {*options, "--help"}


@pytest.mark.parametrize("command", list(named(r"aws [a-z0-9-]+ [a-z]")))
def test_an_aws_command_in_the_documentation_is_an_operation_with_these_options(command: str) -> None:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "VALUE", command))[1:]
    service, operation, *rest = words
    options = {word for word in rest if word.startswith("--")} - AWS_GLOBAL_OPTIONS
    if (service, operation) in AWS_OWN_COMMANDS:
        assert options <= AWS_OWN_COMMANDS[service, operation]
        return
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    assert options <= {f"--{xform_name(member, '-')}" for member in (shape.members if shape else {})}


@pytest.mark.parametrize("key", sorted({key for path in DOCUMENTS for key in KEY.findall(path.read_text())}))
def test_a_section_in_the_documentation_is_one_that_a_stack_file_can_have(key: str) -> None:
    assert f"`{key}`" in reference()


def test_the_configuration_reference_is_made_from_the_models() -> None:
    assert (REPOSITORY / "docs" / "configuration.md").read_text() == reference(), (
        "run `python -m infra.settings.reference > docs/configuration.md`"
    )


def test_the_readme_names_every_make_target() -> None:
    targets = set(re.findall(r"^((?!help)[a-z0-9]+):.*##", (REPOSITORY / "Makefile").read_text(), re.M))
    text = (REPOSITORY / "README.md").read_text()
    assert {target for target in targets if f"make {target}" not in text} == set()


@pytest.mark.parametrize("file", DECISIONS, ids=lambda file: file.stem)
def test_a_decision_has_title_status_date_context_decision_and_consequences(file: Path) -> None:
    text = file.read_text()
    head = DECISION_HEAD.match(text)
    assert head, (
        "begin like 0001-zone-spread.md: title, empty line, `Status: accepted, YYYY-MM-DD.`, empty line, Context"
    )
    assert head["number"] == file.name[:4]
    assert {"Context", "Decision", "Consequences"} <= set(re.findall(r"^## (.+)$", text, re.M))


def test_the_index_of_decisions_lists_each_with_its_title() -> None:
    index = (REPOSITORY / "docs" / "decisions" / "README.md").read_text()
    rows = dict(re.findall(r"^\| \[\d{4}\]\((\S+)\) \| (.+?)(?: \(superseded by \d{4}\))? \|$", index, re.M))
    titles = {file.name: file.read_text().splitlines()[0].partition(": ")[2] for file in DECISIONS}
    assert rows == titles
