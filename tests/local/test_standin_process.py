"""The stand-in as a process that the engine starts and ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

ENGINES_PATIENCE_SECONDS = 5
"""After its SIGINT the engine waits this long, and kills (plugin.go in github.com/pulumi/pulumi/sdk/v3)."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_when_the_engine_says_so(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "infra.local.standin"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0, "the port that it listens on"
        process.send_signal(number)
        try:
            assert process.wait(timeout=ENGINES_PATIENCE_SECONDS - 1) == 0
        finally:
            process.kill()
