"""The stack file gets its lines and keeps the rest; where that cannot be, the lines are printed."""

from __future__ import annotations

import stat

import pytest
import yaml

from tests.bootstrap.conftest import STACK_FILE, Aws, Shell


def test_every_comment_and_blank_line_stays(aws: Aws, shell: Shell) -> None:
    shell.run()
    lines = shell.file.read_text().splitlines()
    kept = iter(lines)
    assert all(line in kept for line in STACK_FILE.splitlines())
    added = [line for line in lines if line not in STACK_FILE.splitlines()]
    assert [line.split(":")[0].strip() for line in added] == ["secretsprovider", "encryptedkey", "nightowl", "backend"]


def test_the_file_keeps_its_mode_and_leaves_no_other_file(aws: Aws, shell: Shell) -> None:
    shell.file.chmod(0o640)
    shell.run()
    assert stat.S_IMODE(shell.file.stat().st_mode) == 0o640
    assert [file.name for file in shell.file.parent.iterdir()] == ["Pulumi.dev.yaml"]


def test_a_link_to_a_stack_file_stays_a_link(aws: Aws, shell: Shell) -> None:
    real = shell.project / "real.yaml"
    shell.file.rename(real)
    shell.file.symlink_to(real)
    assert shell.run()["well"]
    assert shell.file.is_symlink()
    assert "secretsprovider" in real.read_text()


def test_a_read_only_file_gets_everything_else_done_and_the_lines_printed(aws: Aws, shell: Shell) -> None:
    shell.file.chmod(0o444)
    result = shell.run()
    assert not result["well"]
    assert [one["state"] for one in result["resources"]] == ["made"] * 4 + ["differs"]
    assert result["stackFile"]["problem"] == "stacks/Pulumi.dev.yaml cannot be written (it is read-only)"
    assert shell.file.read_text() == STACK_FILE
    shell.file.chmod(0o644)
    added = yaml.safe_load("\n".join(result["stackFile"]["lines"]))
    assert set(added) == {"secretsprovider", "encryptedkey", "config"}
    provider, key, _, section, backend = result["stackFile"]["lines"]
    shell.write(f"{provider}\n{key}\n{STACK_FILE}\n{section}\n{backend}\n")
    assert shell.differences() == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("secretsprovider: awskms:///alias/ours?region=eu-central-1", "pulumi stack change-secrets-provider -s dev '"),
        ("encryptionsalt: v1:abc", "encrypts its secrets with a passphrase; move them"),
    ],
)
def test_secrets_of_another_provider_are_not_cut_off(aws: Aws, shell: Shell, line: str, told: str) -> None:
    text = f"{line}\n{STACK_FILE}"
    shell.write(text)
    result = shell.run()
    assert not result["well"]
    assert told in result["stackFile"]["problem"]
    assert shell.file.read_text() == text


def test_a_state_elsewhere_is_not_cut_off(aws: Aws, shell: Shell) -> None:
    text = f"{STACK_FILE}\n  nightowl:delivery:\n    backend: s3://another-bucket?region=eu-central-1\n"
    shell.write(text)
    result = shell.run()
    assert not result["well"]
    assert "keeps its state in s3://another-bucket" in result["stackFile"]["problem"]
    assert shell.file.read_text() == text


def test_a_data_key_that_is_there_stays(aws: Aws, shell: Shell) -> None:
    shell.write(f"encryptedkey: AQIC\n{STACK_FILE}")
    assert shell.run()["well"]
    assert yaml.safe_load(shell.file.read_text())["encryptedkey"] == "AQIC"


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("secretsprovider:", "secretsprovider"),
        ("encryptedkey:", "encryptedkey"),
        ("    backend:", "nightowl:delivery.backend"),
    ],
)
def test_a_missing_line_of_the_stack_file_is_found(aws: Aws, shell: Shell, line: str, setting: str) -> None:
    shell.run()
    lines = [one for one in shell.file.read_text().splitlines(keepends=True) if not one.startswith(line)]
    shell.write("".join(lines).replace("  nightowl:delivery:\n", "" if "backend" in line else "  nightowl:delivery:\n"))
    assert shell.differences() == [("stack file stacks/Pulumi.dev.yaml", setting)]
    assert shell.run()["well"]
    assert shell.differences() == []
