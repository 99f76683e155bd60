"""Every bad input is refused with its key, in the same words by the program and by the commands."""

from __future__ import annotations

import json

import pulumi
import pytest

from infra.settings.build import PROJECT, build_settings
from infra.settings.load import load
from infra.settings.problems import SettingsError
from tests.settings.bad_inputs import BAD_INPUTS, BadInput

pytestmark = pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.id)


def test_a_bad_input_is_refused_with_one_line_per_problem(bad: BadInput) -> None:
    with pytest.raises(SettingsError) as refusal:
        build_settings(bad.sections())
    assert str(refusal.value).split("\n") == list(bad.lines)
    assert not any(secret in str(refusal.value) for secret in ("hunter2", "PRIVATE KEY", "AKIA", "Zm9v", "AAABAM"))


def test_the_program_refuses_a_bad_input_with_each_of_its_keys(bad: BadInput) -> None:
    config = {f"{PROJECT}:{key}": json.dumps(value) for key, value in bad.sections().items()}
    pulumi.runtime.set_all_config(config, [])
    with pytest.raises(pulumi.RunError) as refusal:
        load()
    assert sorted(set(str(refusal.value).split("\n"))) == sorted(bad.lines)
