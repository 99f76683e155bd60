"""Compose files are read as compose-go reads them, each value with its line, and what is wrong is named at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.errors import NightowlError, UsageError
from infra.importing.compose.dotenv import parse_raw
from infra.importing.compose.environment import service_environment
from infra.importing.compose.project import ComposeProject, read_compose
from tests.importing.compose.cases import CASES, REFUSED
from tests.importing.compose.facts import own_facts

ANSWERS = json.loads((Path(__file__).parent / "reference/answers.json").read_text())


def read(folder: Path, environment: Mapping[str, str] | None = None, **files: str) -> ComposeProject:
    """Read the files that are given, of which each name ends in `_yaml`, in their order."""
    named: list[Path] = []
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_env", ".env")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".yaml" and path.parent == folder:
            named.append(path)
    return read_compose(named, environment=environment or {})


def refusal(folder: Path, environment: Mapping[str, str] | None = None, **files: str) -> str:
    """Return the message for files that cannot be read."""
    with pytest.raises(NightowlError) as raised:
        read(folder, environment, **files)
    return str(raised.value)


@pytest.mark.parametrize("name", CASES)
def test_a_project_is_read_as_compose_go_reads_it(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    case = CASES[name]
    assert own_facts(read_compose(case.write(folder), environment=case.environment)) == ANSWERS[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_compose_go_refuses_is_refused_with_a_line(name: str, tmp_path: Path) -> None:
    case = REFUSED[name]
    assert ANSWERS[name] is None
    with pytest.raises(NightowlError, match=r"^[\w./]*:\d+: \w"):
        read_compose(case.write(tmp_path), environment=case.environment)


def test_each_value_has_the_line_and_the_text_that_it_was_written_with(tmp_path: Path) -> None:
    project = read(
        tmp_path,
        {"TAG": "2"},
        a_yaml="services:\n  base: &base\n    image: web:1\n    command: [a,\n      b]\n  web:\n    <<: *base\n",
        b_yaml="services:\n  web:\n    image: web:$TAG\n    environment:\n    - A=${PASSWORD:-x}\n",
        c_yaml="services:\n  web:\n    environment:\n      B: '1'\n",
    )
    web = ("services", "web")
    assert project.source.place((*web, "image")) == "b.yaml:3"
    assert project.source.place((*web, "command", 1)) == "a.yaml:5"
    assert project.source.place((*web, "environment", "A")) == "b.yaml:5"
    assert project.source.place((*web, "environment", "B")) == "c.yaml:4"
    assert project.source.place((*web, "none", "at all")) == "a.yaml:6"
    assert project.written((*web, "image")) == "web:$TAG"
    assert project.written((*web, "environment", "A")) == "${PASSWORD:-x}"
    assert project.written(web) is None


def test_variables_that_nobody_sets_are_listed_with_their_places(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:$TAG\n    labels: ['$TAG', '${OTHER}', '${D:-d}']\n"
    assert read(tmp_path, a_yaml=text).unset == {"TAG": ("a.yaml:3", "a.yaml:4"), "OTHER": ("a.yaml:4",)}


def test_variables_of_a_service_have_the_file_and_line_that_sets_them(tmp_path: Path) -> None:
    project = read(
        tmp_path,
        {"SHELL": "s"},
        a_yaml="services:\n  web:\n    image: a:1\n    env_file: [{path: raw.env, format: raw}, b.env]\n"
        "    environment:\n      OWN: 1\n      SHELL:\n",
        raw_env="# c\nRAW='$SHELL' # x\n",
        b_env="B=$SHELL\n",
    )
    assert service_environment(project, "web") == {
        "RAW": ("'$SHELL' # x", "raw.env:2"),
        "B": ("s", "b.env:1"),
        "OWN": ("1", "a.yaml:6"),
        "SHELL": ("s", "a.yaml:7"),
    }


def test_files_of_variables_that_are_missing_or_elsewhere_are_told_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.env").write_text("SECRET=1\n")
    text = "services: {web: {image: 'a:1', env_file: [none.env, ../secret.env, {path: x.env, required: false}]}}"
    (tmp_path / "app").mkdir()
    project = read(tmp_path / "app", a_yaml=text)
    assert list(project.unread) == [("services", "web", "env_file", 0), ("services", "web", "env_file", 1)]
    assert "there is no file none.env" in project.unread["services", "web", "env_file", 0]
    assert "../secret.env lies outside of app/" in project.unread["services", "web", "env_file", 1]
    assert service_environment(project, "web") == {}


@pytest.mark.parametrize(
    "text",
    [
        "include: [../other.yaml]",
        "include: [{path: a.yaml, env_file: ../other.yaml}]",
        "include: [link.yaml]",
        "services: {web: {extends: {file: ../other.yaml, service: web}}}",
    ],
)
def test_no_file_outside_of_the_folders_that_the_user_named_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("services: {web: {image: 'secret:1'}}")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/link.yaml").symlink_to(tmp_path / "other.yaml")
    message = refusal(tmp_path / "app", a_yaml=text)
    assert message.startswith("a.yaml:1: ")
    assert "lies outside of app/; copy it there, and name that" in message


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = "services:\n  a:\n    image: ${A:?set me}\n    extends: z\n  b:\n    image: ${B\n    scale: ${C:-x}\n"
    assert refusal(tmp_path, a_yaml=text).splitlines() == [
        "a.yaml:3: services.a.image: needs the variable A, which has no value; set it, or name a file that does: "
        "--env-file (set me)",
        "a.yaml:6: services.b.image: has an invalid variable; write ${NAME}, ${NAME:-default}, or $$ for a dollar",
        "a.yaml:7: services.b.scale: is not a whole number once its variables have their values",
        "a.yaml:4: services.a.extends: there is no service z in this file",
    ]


def test_files_that_are_named_for_variables_replace_the_one_beside_the_project(tmp_path: Path) -> None:
    for name, text in {".env": "A=dot\n", "x.env": "A=x\nB=x\n", "y.env": "B=y\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "compose.yaml").write_text("services: {web: {image: 'a:$A-$B'}}")
    files = [tmp_path / "x.env", tmp_path / "y.env"]
    project = read_compose([tmp_path / "compose.yaml"], env_files=files, environment={})
    assert project.source.values == {"services": {"web": {"image": "a:x-y"}}}


def test_profiles_of_the_command_replace_those_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {a: {profiles: [a]}, b: {profiles: [b]}, c: {}}")
    assert read_compose([path], profiles=["a"], environment={"COMPOSE_PROFILES": "b"}).inactive == {"b"}


def test_a_project_has_the_name_of_the_environment_then_its_own_then_that_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "My.App").mkdir()
    assert read(tmp_path / "My.App", a_yaml="services: {}").name == "myapp"
    assert read(tmp_path / "My.App", a_yaml="name: own").name == "own"
    assert read(tmp_path / "My.App", {"COMPOSE_PROJECT_NAME": "given"}, a_yaml="name: own").name == "given"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "a.yaml:1: a.yaml: is not a mapping; write keys such as services"),
        ("services: [", "a.yaml:1: is not YAML; look at the indentation"),
        ("services: {web: {image: !!int x}}", "a.yaml:1: services.web.image: does not fit its tag"),
        ("services: {web: !python {}}", "a.yaml:1: services.web: the tag !python has no meaning in a Compose file"),
        ("services: {web: {? [a] : b}}", "a.yaml:1: services.web: a key is no text; put it in quotes"),
        ("x: &a [*a]", "a.yaml: has a value that contains itself by an alias; write it out"),
        ("services: {web: {<<: 5}}", "a.yaml:1: services.web.<<: merges no mapping; write the alias of one"),
    ],
)
def test_what_is_no_compose_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    assert message in refusal(tmp_path, a_yaml=text)


@pytest.mark.parametrize("text", ["include: [no.yaml]", "services: {web: {extends: {file: no.yaml, service: web}}}"])
def test_a_file_that_is_not_there_is_named_where_it_is_asked_for(text: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, a_yaml=text)
    assert message.startswith("a.yaml:1: ")
    assert "there is no file no.yaml; write its path from" in message


def test_a_command_without_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match="name a Compose file"):
        read_compose([], environment={})


LAUGHS = "a: &l0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"b{i}: &l{i} [{f'*l{i - 1}, ' * 9}]\n" for i in range(1, 9))
DOUBLED = "A0=xxxxxxxxxx\n" + "".join(f"A{i}=$A{i - 1}$A{i - 1}\n" for i in range(1, 40))
NESTED = "${A:-" * 60 + "}" * 60


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a_yaml": "services:\n" + "  # x\n" * 900_000}, "is larger than 1 MiB"),
        ({"a_yaml": LAUGHS}, "has more than 20,000 values; an alias may repeat itself"),
        ({"a_yaml": "services:\n" + "".join(f"  s{i}: {{image: a}}\n" for i in range(10_000))}, "20,000 values"),
        ({"a_yaml": "services: {}", "_env": DOUBLED}, "makes, with its variables, more than 1,048,576 characters"),
        ({"a_yaml": f"services: {{web: {{image: '{NESTED}'}}}}"}, "has variables nested more than 20 levels deep"),
        ({"a_yaml": "include: ['x/0.yaml']", **{f"x__{i}_yaml": f"include: ['{i + 1}.yaml']" for i in range(120)}},
         "more than 50 files include one another; let one include them all"),
        ({"a_yaml": f"include: [{', '.join(['x.yaml'] * 300)}]", "x_yaml": "services: {}"},
         "the files include and extend more than 250 others; name fewer files"),
        ({"a_yaml": "services:\n" + "".join(f"  s{i}: {{extends: s{i + 1}}}\n" for i in range(60)) + "  s60: {}"},
         "more than 50 services extend one another"),
        ({"a_yaml": f"services:\n  base: {{labels: [{'x, ' * 3000}]}}\n"
          + "".join(f"  s{i}: {{extends: base}}\n" for i in range(10))}, "once this is written out; split the stack"),
    ],
    ids=["5 MB", "aliases", "services", "variables", "defaults", "nested", "includes", "extends", "extended"],
)  # fmt: skip
def test_a_hostile_project_ends_soon_with_one_message(files: dict[str, str], message: str, tmp_path: Path) -> None:
    text = refusal(tmp_path, None, **files)
    assert message in text
    assert len(text.splitlines()) == 1


def test_names_with_spaces_are_no_variables_in_a_raw_file() -> None:
    with pytest.raises(NightowlError, match=r"x\.env:1: variables: the name of a variable has a space in it"):
        parse_raw("A B=1", "x.env", {}.get)


def test_an_anchor_means_what_had_its_name_last(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text("services:\n  a: {image: &image 'a:1'}\n  b: {image: &image 'b:1'}\n  c: {image: *image}\n")

    services = read_compose([file], environment={}).source.values["services"]

    assert services == {"a": {"image": "a:1"}, "b": {"image": "b:1"}, "c": {"image": "b:1"}}
