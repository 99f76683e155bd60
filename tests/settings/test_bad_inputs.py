"""Every bad input is refused with its key, in the same words by the program and by the commands."""

from __future__ import annotations

import json

import pulumi
import pytest

from infra.settings.build import PROJECT, build_settings
from infra.settings.load import load
from infra.settings.problems import SettingsError
from tests.settings.bad_inputs import BAD_INPUTS, BadInput
from tests.settings.more_mistakes import with_more_mistakes

pytestmark = pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.id)


def test_a_bad_input_is_refused_with_one_line_per_problem(bad: BadInput) -> None:
    with pytest.raises(SettingsError) as refusal:
        build_settings(bad.sections())
    assert str(refusal.value).split("\n") == list(bad.lines)
    assert not any(secret in str(refusal.value) for secret in ("hunter2", "PRIVATE KEY", "AKIA", "Zm9v", "AAABAM"))


def test_the_program_refuses_a_bad_input_and_every_other_mistake_beside_it(bad: BadInput) -> None:
    sections, more = with_more_mistakes(bad)
    config = {f"{PROJECT}:{key}": json.dumps(value) for key, value in sections.items()}
    pulumi.runtime.set_all_config(config, [])
    with pytest.raises(pulumi.RunError) as refusal:
        load()
    lines = set(str(refusal.value).split("\n"))
    beside = {line for line in lines if line.partition(": ")[0] in more}
    assert {line.partition(": ")[0] for line in beside} == more
    assert sorted(lines - beside) == sorted(bad.lines)
