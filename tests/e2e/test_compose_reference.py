"""compose-go, built from its source, reads the Compose files of the tests as they say that it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.importing.compose.reference import ANSWERS, answers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_compose_go_answers_what_the_tests_of_the_reader_expect(tmp_path: Path) -> None:
    assert answers(tmp_path) == json.loads(ANSWERS.read_text())
