"""Stack files are read as Pulumi reads them, and whatever is wrong with one is said in a line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.settings.app.application import WebSettings
from infra.settings.problems import SettingsError
from infra.settings.stack_file import settings_from_stack_file
from infra.settings.yaml_file import short_name

GOOD = """\
config:
  nightowl:platform: { kind: existing, context: test }
  nightowl:apps:
    web:
      image: example.com/web:1
      port: 8080
"""
MANY_BY_ALIAS = "FILE: has more than 20,000 values; an alias may repeat itself"


def _refusal(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as refusal:
        settings_from_stack_file(path)
    return str(refusal.value).replace(str(path), "FILE").replace(short_name(path), "FILE")


def _web(tmp_path: Path, more: str) -> WebSettings:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(GOOD + more)
    web = settings_from_stack_file(path).apps["web"]
    assert isinstance(web, WebSettings)
    return web


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param("", ["FILE: nightowl:platform: is required", "FILE: nightowl:apps: is required"], id="empty"),
        pytest.param(
            "# only words\n", ["FILE: nightowl:platform: is required", "FILE: nightowl:apps: is required"], id="comment"
        ),
        pytest.param(
            "config:\n", ["FILE: nightowl:platform: is required", "FILE: nightowl:apps: is required"], id="no config"
        ),
        pytest.param("- a\n", ["FILE: is not a mapping; write keys such as config"], id="list"),
        pytest.param("just words", ["FILE: is not a mapping; write keys such as config"], id="text"),
        pytest.param(
            "config: [a]\n",
            ["FILE:1: config: is not a mapping; write keys such as nightowl:apps below it"],
            id="config as list",
        ),
        pytest.param("conifg: {}\n", ["FILE:1: conifg: unknown key; did you mean 'config'?"], id="config misspelt"),
        pytest.param("a:\n\tb: 1\n", ["FILE:2: there is a tab; YAML is indented with spaces"], id="tab"),
        pytest.param(
            "a: [1\n",
            ["FILE:1: the list that begins here is not closed; write ] at its end, and commas between its items"],
            id="open list",
        ),
        pytest.param(
            "a: 'x\n",
            ["FILE:1: the text that begins here is not closed; write the same quote at its end"],
            id="open quote",
        ),
        pytest.param(
            "a: *b\n",
            ["FILE:1: * begins the name of an alias that is not there; put the text in quotes"],
            id="alias of nothing",
        ),
        pytest.param(
            "a: 1\n---\nb: 2\n",
            ["FILE:2: a second document begins here; a file holds one, so remove the line ---"],
            id="two documents",
        ),
        pytest.param(
            "a: !!python/object:os.system x\n",
            ["FILE:1: ! begins a tag, which no value takes; put the text in quotes"],
            id="foreign tag",
        ),
        pytest.param(
            "a:\n  b: 1\n c: 2\n",
            ["FILE:3: the line does not fit those above; indent it as its neighbours are"],
            id="indentation",
        ),
        pytest.param(
            "a: b: c\n",
            ["FILE:1: no key can stand here; put a text with a colon in quotes, or end the line above with one"],
            id="colon",
        ),
        pytest.param("a: @b\n", ["FILE:1: no text can begin with this character; put the text in quotes"], id="sign"),
        pytest.param("? [a]\n: b\n", ["FILE:1: a key is a list or a mapping; write a text"], id="list as key"),
        pytest.param(b"a: \xff\xfe\n", ["FILE: is not UTF-8 text"], id="not UTF-8"),
        pytest.param("a: \x07\n", ["FILE: has a character that YAML does not allow"], id="control character"),
        pytest.param("a: " + "[" * 1000, ["FILE: is nested more than 50 levels deep"], id="very deep"),
        pytest.param(
            f"a: {'9' * 5000}\n",
            ["FILE: has a number or a date that cannot be read; put it in quotes"],
            id="endless number",
        ),
        pytest.param(
            "config:\n  nightowl:apps: &a\n    b: *a\n",
            ["FILE: has a value that contains itself by an alias; write it out"],
            id="alias of itself",
        ),
        pytest.param(
            "config:\n  apps: {}\n", ["FILE:2: apps: has no namespace; write nightowl:apps"], id="no namespace"
        ),
        pytest.param(
            "config:\n  nigthowl:apps: {}\n",
            ["FILE:2: nigthowl:apps: unknown namespace; did you mean 'nightowl:apps'?"],
            id="namespace misspelt",
        ),
        pytest.param(
            "config:\n  shop:platform: { kind: existing, context: a }\n  shop:apps: {}\n  aws:region: eu-central-1\n",
            [
                "FILE:2: shop:platform: unknown namespace; did you mean 'nightowl:platform'?",
                "FILE:3: shop:apps: unknown namespace; did you mean 'nightowl:apps'?",
            ],
            id="namespace of a project",
        ),
        pytest.param(
            "config:\n  nightowl:app: {}\n",
            ["FILE:2: nightowl:app: unknown key; did you mean 'apps'?"],
            id="section misspelt",
        ),
        pytest.param(
            "config:\n  nightowl:apps:\n    secure: AAABAM\n",
            [
                "FILE:2: nightowl:apps: is encrypted; settings name where a secret is kept (apps.<name>.secrets) and "
                "never hold it"
            ],
            id="encrypted",
        ),
    ],
)
def test_a_file_that_is_no_stack_file_is_refused_with_what_is_wrong(
    tmp_path: Path, content: str | bytes, lines: list[str]
) -> None:
    refusal = _refusal(tmp_path, content).split("\n")
    assert [line for line in lines if line not in refusal] == []


def test_a_key_that_is_written_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    twice = GOOD + "      port: 9090\n    web: {}\n"
    assert _refusal(tmp_path, twice).split("\n") == [
        "FILE:8: nightowl:apps.web: is written twice, in lines 4 and 8; keep one",
        "FILE:7: nightowl:apps.web.port: is written twice, in lines 6 and 7; keep one",
    ]


def test_a_key_that_is_written_twice_outside_the_settings_is_named_too(tmp_path: Path) -> None:
    assert (
        _refusal(tmp_path, "config: {}\nconfig: {}\n") == "FILE:2: config: is written twice, in lines 1 and 2; keep one"
    )


def _doubling(reference: str) -> str:
    """Write a mapping per line that holds the one before ten times: twelve lines, and 10^12 values."""
    rows = ["  x:l0: &l0 { a: b }"]
    rows += [f"  x:l{n}: &l{n} {reference.format(', '.join([f'*l{n - 1}'] * 10))}" for n in range(1, 12)]
    return "config:\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(_doubling("[{}]"), "FILE: has more than 20,000 values; an alias may repeat itself", id="aliases"),
        pytest.param(
            _doubling("{{ <<: [{}] }}"),
            "FILE: has more than 20,000 values; an alias may repeat itself",
            id="merge keys",
        ),
        pytest.param(
            "config: [" + "a, " * 200_000 + "a]\n",
            "FILE: has more than 20,000 values; split the stack",
            id="many values",
        ),
        pytest.param(
            "x: '" + "a" * 2**20 + "'\n", "FILE: is larger than 1 MiB; put large files into an image", id="large file"
        ),
        pytest.param("a: " + "[" * 500_000, "FILE: is nested more than 50 levels deep", id="half a million levels"),
    ],
)
# The bound is on the work, which without it takes a minute and gigabytes, not on this machine's speed.
@pytest.mark.timeout(30)
def test_a_file_that_would_cost_memory_or_minutes_is_refused_before_it_does(
    tmp_path: Path, content: str, line: str
) -> None:
    assert _refusal(tmp_path, content) == line


@pytest.mark.timeout(30)
def test_a_link_to_a_device_without_an_end_is_not_read(tmp_path: Path) -> None:
    link = tmp_path / "Pulumi.test.yaml"
    link.symlink_to("/dev/zero")
    with pytest.raises(SettingsError, match="is no regular file"):
        settings_from_stack_file(link)


@pytest.mark.timeout(30)
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "Pulumi.test.yaml"
    os.mkfifo(pipe)
    with pytest.raises(SettingsError, match="is no regular file"):
        settings_from_stack_file(pipe)


@pytest.mark.parametrize(
    "value",
    [
        "!!bool hunter22",
        "!!timestamp hunter22",
        '!!float ""',
        '!!int ""',
        "!!int hunter22",
        "!<tag:yaml.org,2002:bool> hunter22",
        '"\\UFFFFFFFF"',
        f"0x{'f' * 100_000}",
        "0b" + "1" * 100_000,
        "9" * 100_000,
    ],
)
def test_a_value_that_does_not_fit_its_tag_is_refused_in_a_line_that_does_not_repeat_it(
    tmp_path: Path, value: str
) -> None:
    refusal = _refusal(tmp_path, f"config: {{ nightowl:apps: {value} }}\n")
    assert refusal == "FILE: has a number or a date that cannot be read; put it in quotes"


def test_no_message_has_a_character_that_a_terminal_obeys(tmp_path: Path) -> None:
    evil = '"\\e]0;owned\\a\\u202e\\rx"'
    for content in (
        f"{evil}: 1\n",
        f"config: {{ {evil}: 1 }}\n",
        f"config: {{ nightowl:apps: {{ {evil}: 1 }} }}\n",
        f"config: {{ nightowl:platform: {{ kind: {evil} }} }}\n",
        f"config: {{ {evil}: {{ {evil}: 1, {evil}: 2 }} }}\n",
    ):
        refusal = _refusal(tmp_path, content)
        assert [character for character in refusal if not character.isprintable() and character != "\n"] == []


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"stacks/Pulumi\.nowhere\.yaml: there is no such file"):
        settings_from_stack_file(Path("stacks/Pulumi.nowhere.yaml"))


def test_a_folder_is_no_stack_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no regular file"):
        settings_from_stack_file(tmp_path)


def test_keys_of_others_are_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(f"encryptionsalt: v1:abc\n{GOOD}  aws:region: eu-central-1\n  kubernetes:context: x\n")
    assert set(settings_from_stack_file(path).apps) == {"web"}


def test_on_and_yes_are_texts_as_they_are_for_pulumi(tmp_path: Path) -> None:
    assert _web(tmp_path, "      env: { on: yes, Y: no }\n").env == {"on": "yes", "Y": "no"}


def test_times_without_quotes_are_texts(tmp_path: Path) -> None:
    assert _web(tmp_path, "      env: { TIME: 1:30 }\n").env == {"TIME": "1:30"}


@pytest.mark.parametrize("date", ["2026-11-23", "2026-11-23T10:00:00Z", "2026-1-2 3:04:05"])
def test_a_date_without_quotes_is_refused_because_pulumi_changes_it(tmp_path: Path, date: str) -> None:
    refusal = _refusal(tmp_path, f"{GOOD}      env: {{ DATE: {date} }}\n")
    assert refusal == "FILE:7: nightowl:apps.web.env.DATE: is a date, which YAML would change; put it in quotes"


def test_a_date_in_quotes_is_a_text(tmp_path: Path) -> None:
    assert _web(tmp_path, "      env: { DATE: '2026-11-23' }\n").env == {"DATE": "2026-11-23"}


def test_numbers_are_read_as_pulumi_reads_them(tmp_path: Path) -> None:
    web = _web(tmp_path, "      env: { EXP: 1e3, LONG: 1_000 }\n      scaling: { max: 1e2 }\n")
    assert web.env == {"EXP": "1000", "LONG": "1000"}
    assert web.scaling is not None
    assert web.scaling.max == 100


@pytest.mark.parametrize(("number", "meaning"), [("022", 18), ("0o17", 15), ("0x1F", 31), ("0b11", 3)])
def test_a_number_in_another_base_is_refused_because_yaml_changes_it(tmp_path: Path, number: str, meaning: int) -> None:
    refusal = _refusal(tmp_path, f"{GOOD}      env: {{ UMASK: {number} }}\n      args: [{number}]\n").split("\n")
    message = f"{number} is {meaning} to YAML; put it in quotes, or write that"
    assert refusal == [
        f"FILE:7: nightowl:apps.web.env.UMASK: {message}",
        f"FILE:8: nightowl:apps.web.args[0]: {message}",
    ]


def test_anchors_and_merged_mappings_may_be_used(tmp_path: Path) -> None:
    web = _web(
        tmp_path, "      resources: &small { cpu: 50m }\n      init: { a: { args: [x], resources: { <<: *small } } }\n"
    )
    assert web.init["a"].resources.cpu == 50


def test_a_file_keeps_every_character_of_its_content(tmp_path: Path) -> None:
    web = _web(tmp_path, "      files:\n        /etc/app.conf: |2\n            indented\n\n          last line\n")
    assert web.files == {"/etc/app.conf": "  indented\n\nlast line\n"}
