"""A stack file says only what is its own: the rest comes from the files that it extends."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pulumi
import pytest

from infra.settings.load import load
from infra.settings.problems import SettingsError
from infra.settings.stack_file import read_stack_file, settings_from_stack_file, stack_config
from infra.values import mapping

BASE = """\
config:
  nightowl:platform: { kind: existing, context: test }
  nightowl:apps:
    web:
      image: example.com/web:1
      port: 8080
      args: [a, b]
      env: { COLOR: blue, SIZE: small }
"""
OWN = """\
config:
  nightowl:extends: base
"""


def write(folder: Path, **files: str) -> Path:
    """Write files by the names that they are extended by, and `own` as the file of the stack `test`."""
    for name, text in files.items():
        (folder / ("Pulumi.test.yaml" if name == "own" else f"{name}.yaml")).write_text(dedent(text))
    return folder / "Pulumi.test.yaml"


def web(folder: Path, **files: str) -> Any:
    return mapping(mapping(stack_config(write(folder, **files)))["nightowl:apps"])["web"]


def refusal(folder: Path, **files: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        settings_from_stack_file(write(folder, **files))
    return str(refused.value).replace(f"{folder.name}/", "").split("\n")


def own_app(lines: str) -> str:
    """A file that extends base and says `lines` of the app web."""
    return OWN + "  nightowl:apps:\n    web:\n" + "".join(f"      {line}\n" for line in lines.splitlines())


def test_a_file_that_only_extends_is_what_it_extends(tmp_path: Path) -> None:
    file = write(tmp_path, base=BASE, own=OWN)
    plain = tmp_path / "Pulumi.plain.yaml"
    plain.write_text(BASE)
    assert settings_from_stack_file(file) == settings_from_stack_file(plain)


def test_mappings_merge_key_by_key_and_lists_and_scalars_replace(tmp_path: Path) -> None:
    own = own_app("image: example.com/web:2\nargs: [c]\nenv: { SIZE: large, SHAPE: round }")
    assert web(tmp_path, base=BASE, own=own) == {
        "image": "example.com/web:2",
        "port": 8080,
        "args": ["c"],
        "env": {"COLOR": "blue", "SIZE": "large", "SHAPE": "round"},
    }


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_null_removes_a_key_and_a_section(tmp_path: Path, nothing: str) -> None:
    own = own_app(f"args: {nothing}\nenv: {{ SIZE: {nothing} }}") + f"  nightowl:platform: {nothing}\n"
    config = stack_config(write(tmp_path, base=BASE, own=own))
    assert mapping(config["nightowl:apps"])["web"] == {
        "image": "example.com/web:1",
        "port": 8080,
        "env": {"COLOR": "blue"},
    }
    assert "nightowl:platform" not in config


def test_null_where_nothing_is_removed_is_refused_as_an_empty_value(tmp_path: Path) -> None:
    assert refusal(tmp_path, base=BASE, own=own_app("command:")) == [
        "Pulumi.test.yaml:5: nightowl:apps.web.command: is empty; remove the key, or write a list such as [a, b]"
    ]


def test_of_several_files_later_ones_change_earlier_ones(tmp_path: Path) -> None:
    own = "config:\n  nightowl:extends: [base, second, third]\n"
    second = "config: { nightowl:apps: { web: { args: [second], port: 2 } } }\n"
    third = "config: { nightowl:apps: { web: { args: [third] } } }\n"
    merged = web(tmp_path, base=BASE, second=second, third=third, own=own)
    assert (merged["args"], merged["port"], merged["image"]) == (["third"], 2, "example.com/web:1")


def test_a_file_that_two_others_extend_counts_once_and_undoes_neither(tmp_path: Path) -> None:
    own = "config:\n  nightowl:extends: [left, right]\n"
    left = "config:\n  nightowl:extends: base\n  nightowl:apps: { web: { port: 1 } }\n"
    right = "config:\n  nightowl:extends: base\n  nightowl:apps: { web: { args: [right] } }\n"
    merged = web(tmp_path, base=BASE, left=left, right=right, own=own)
    assert (merged["port"], merged["args"]) == (1, ["right"])


def test_a_circle_is_refused_with_its_way(tmp_path: Path) -> None:
    files = {"base": "config: { nightowl:extends: other }\n", "other": "config: { nightowl:extends: base }\n"}
    assert refusal(tmp_path, own=OWN, **files) == [
        "other.yaml:1: nightowl:extends: goes in a circle: base > other > base; remove one of them"
    ]


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("bass", "there is no bass.yaml in FOLDER; name a file that is there"),
        ("base.yaml", "is not the name of a file beside this one, without .yaml, nor a list of such names"),
        ("../base", "is not the name of a file beside this one, without .yaml, nor a list of such names"),
        ("{ a: b }", "is not the name of a file beside this one, without .yaml, nor a list of such names"),
        ("[base, 1]", "is not the name of a file beside this one, without .yaml, nor a list of such names"),
        ('""', "names no file; name one, or remove the key"),
        ("", "names no file; name one, or remove the key"),
        ("[]", "names no file; name one, or remove the key"),
        ("[base, base]", "names a file twice; a file counts where it is named first"),
    ],
)
def test_what_cannot_be_extended_is_refused(tmp_path: Path, extends: str, message: str) -> None:
    (line,) = refusal(tmp_path, base=BASE, own=f"config:\n  nightowl:extends: {extends}\n")
    assert line.startswith(f"Pulumi.test.yaml:2: nightowl:extends: {message.replace('FOLDER', tmp_path.name)}")


@pytest.mark.parametrize(
    ("base", "line"),
    [
        (
            "config:\n  aws:region: eu-central-1\n",
            "base.yaml:2: aws:region: is read by Pulumi itself, which knows the stack's own file only; write it there",
        ),
        (
            "config:\n  nightowl:apps:\n    web:\n      env: { TOKEN: { secure: AAABAM } }\n",
            "base.yaml:4: nightowl:apps.web.env.TOKEN: is encrypted by the key of one stack, so no other could read "
            "it; name where the secret is kept",
        ),
        (
            "encryptionsalt: v1:abc\nconfig: {}\n",
            "base.yaml:1: encryptionsalt: belongs to one stack; a base file has config alone",
        ),
        ("conifg: {}\n", "base.yaml:1: conifg: unknown key; did you mean 'config'?"),
        (
            "a: [1\n",
            "base.yaml:1: the list that begins here is not closed; write ] at its end, and commas between its items",
        ),
    ],
)
def test_a_base_has_what_several_stacks_can_share(tmp_path: Path, base: str, line: str) -> None:
    assert refusal(tmp_path, base=base, own=OWN) == [line]


def test_a_base_in_place_of_a_stack_file_is_told_with_the_stacks_that_extend_it(tmp_path: Path) -> None:
    base = "config: { nightowl:apps: {} }\n"
    write(tmp_path, base=base, middle=OWN, other=base, own=OWN.replace("base", "middle"))
    for name, said in {
        "base": "is no stack file, but one that test extends; name a stack, such as -s test",
        "other": "is no stack file by its name, and no stack extends it; name a stack file, or write nightowl:extends: "
        "other in one beside it",
    }.items():
        with pytest.raises(SettingsError) as refused:
            settings_from_stack_file(tmp_path / f"{name}.yaml")
        assert str(refused.value).split("\n")[:2] == [
            f"{tmp_path.name}/{name}.yaml: {said}",
            f"{tmp_path.name}/{name}.yaml: nightowl:platform: is required",
        ]


def test_a_secret_in_a_base_is_found_where_it_stands_and_not_repeated(tmp_path: Path) -> None:
    secret = "ghp_" + "x9Kq2" * 7 + "A"
    base = BASE.replace("COLOR: blue", f"COLOR: {secret}")
    (line,) = refusal(tmp_path, base=base, own=OWN)
    assert line.startswith("base.yaml:8: nightowl:apps.web.env.COLOR: ")
    assert secret not in line


def test_each_mistake_names_the_file_and_the_line_where_it_stands(tmp_path: Path) -> None:
    base = BASE.replace("port: 8080", "port: eighty") + "      scaling:\n        min: 5\n"
    own = own_app("scaling:\n  max: 2\nhealt: {}\nfiles:\n  /etc/a.conf: 1.5")
    assert refusal(tmp_path, base=base, own=own) == [
        'Pulumi.test.yaml:9: nightowl:apps.web.files["/etc/a.conf"]: the value is not a text; put it in quotes',
        "Pulumi.test.yaml:6: nightowl:apps.web.scaling.max: 2 is below min 5",
        "base.yaml:6: nightowl:apps.web.port: 'eighty' is not a whole number",
        "Pulumi.test.yaml:7: nightowl:apps.web.healt: unknown key; did you mean 'health'?",
    ]


def test_what_is_missing_is_told_where_its_section_is_last_written(tmp_path: Path) -> None:
    base = BASE.replace("      image: example.com/web:1\n", "")
    assert refusal(tmp_path, base=base, own=own_app("port: 80")) == [
        "Pulumi.test.yaml:4: nightowl:apps.web.image: is required"
    ]
    assert refusal(tmp_path, base="config: {}\n", own=OWN)[0] == "Pulumi.test.yaml: nightowl:platform: is required"


def test_a_value_that_came_by_an_alias_is_told_where_the_alias_stands(tmp_path: Path) -> None:
    base = BASE + "      resources: { cpu: 1 }\n"
    own = OWN + "  other:sizes: &small { cpu: many }\n  nightowl:apps:\n    web:\n      resources: *small\n"
    assert refusal(tmp_path, base=base, own=own) == [
        "Pulumi.test.yaml:6: nightowl:apps.web.resources.cpu: 'many' is not a CPU quantity; write 250m, 0.5 or 2"
    ]


def test_a_plain_file_names_its_lines_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, own=BASE.replace("web:1", "web")) == [
        "Pulumi.test.yaml:5: nightowl:apps.web.image: 'example.com/web' has neither a tag nor a digest; write "
        "name:tag@sha256:digest"
    ]


def test_the_keys_of_pulumi_stay_those_of_the_stacks_own_file(tmp_path: Path) -> None:
    file = write(tmp_path, base=BASE, own="secretsprovider: awskms://alias/x\n" + OWN + "  aws:region: eu-west-1\n")
    document = read_stack_file(file).document
    assert document["secretsprovider"] == "awskms://alias/x"
    assert mapping(document["config"]).keys() == {"nightowl:platform", "nightowl:apps", "aws:region"}


def _load(folder: Path, config: dict[str, str]) -> Any:
    pulumi.runtime.reset_options()
    pulumi.runtime.set_mocks(_Nothing(), project="nightowl", stack="test")
    pulumi.runtime.set_all_config(config, [])
    try:
        return load(folder)
    finally:
        pulumi.runtime.set_all_config({}, [])
        pulumi.runtime.reset_options()


class _Nothing(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return args.name, {}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


def test_the_program_reads_what_pulumi_does_not_know_of(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, own=own_app("port: 80"))
    config = {"nightowl:extends": "base", "nightowl:apps": '{"web":{"port":80}}'}
    assert _load(tmp_path, config) == settings_from_stack_file(tmp_path / "Pulumi.test.yaml")


def test_the_program_removes_a_section_that_pulumi_gives_as_an_empty_text(tmp_path: Path) -> None:
    write(tmp_path, base=BASE + "  nightowl:namespace: { name: shop }\n")
    config = {"nightowl:extends": "base", "nightowl:namespace": ""}
    assert _load(tmp_path, config).namespace.name == "apps"


def test_the_program_names_lines_unless_the_configuration_is_of_another_file(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, own=own_app("port: zero"))
    config = {"nightowl:extends": "base", "nightowl:apps": '{"web":{"port":"zero"}}'}
    with pytest.raises(pulumi.RunError, match=r"/Pulumi\.test\.yaml:5: nightowl:apps\.web\.port: 'zero' is not"):
        _load(tmp_path, config)
    with pytest.raises(pulumi.RunError, match=r"^nightowl:apps\.web\.port: 'one' is not"):
        _load(tmp_path, {**config, "nightowl:apps": '{"web":{"port":"one"}}'})
