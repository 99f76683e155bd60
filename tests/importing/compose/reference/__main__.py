"""Writes what compose-go answers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.importing.compose.reference import ANSWERS, answers

with tempfile.TemporaryDirectory() as folder:
    ANSWERS.write_text(json.dumps(answers(Path(folder)), indent=1, sort_keys=True) + "\n")
