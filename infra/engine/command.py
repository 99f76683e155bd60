"""The Pulumi CLI as a process that is stopped by this program alone."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pulumi import automation
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from infra.engine.environment import inherited
from infra.engine.outcome import DeploymentFailedError

LOG = logging.getLogger(__name__)


class EngineCommand(automation.PulumiCommand):
    """The Pulumi CLI at any path, out of reach of the terminal's Ctrl-C.

    The CLI takes a second interrupt as an order to abandon the state as it is. A terminal sends Ctrl-C to every
    process of its group, so the CLI gets a session of its own, and exactly the interrupts that `interrupt` sends.
    Of the caller's environment it gets what `infra.engine.environment` lets through. `more` are options, by the CLI's
    command, that the Automation API does not offer.
    """

    def __init__(self, binary: Path, more: Mapping[str, Sequence[str]] | None = None) -> None:
        self._more = more or {}
        self.command = str(binary)
        self._process: subprocess.Popen[str] | None = None
        self._interrupted = False
        self._starting = threading.Lock()
        self.version = _version(binary)

    def interrupt(self) -> None:
        """Ask the running command to stop; a second time, to stop at once. No further command starts."""
        with self._starting:
            self._interrupted = True
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,
    ) -> automation.CommandResult:
        """Return the output of one CLI command. Raises CommandError when it fails."""
        environment = {**inherited(os.environ), **additional_env, "PULUMI_AUTOMATION_API": "true"}
        LOG.debug("run: pulumi %s", shlex.join(args))
        started = time.monotonic()
        with self._started(args, cwd, environment) as process:
            stdout, stderr = process.communicate()
        LOG.debug("pulumi %s took %.1f s, exit code %d", args[0], time.monotonic() - started, process.returncode)
        _each_line(stdout, on_output)
        _each_line(stderr, on_error)
        result = automation.CommandResult(stdout=stdout, stderr=stderr, code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result

    def _started(self, args: list[str], cwd: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        with self._starting:
            if self._interrupted:
                raise automation.CommandError(automation.CommandResult(stdout="", stderr="interrupted", code=130))
            self._process = subprocess.Popen(
                [self.command, "--non-interactive", *args, *self._more.get(args[0], ())],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=environment,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            return self._process


@cache
def _version(binary: Path) -> VersionInfo:
    """Ask a CLI for its version, once. Raises DeploymentFailedError."""
    try:
        text = subprocess.run(
            [str(binary), "version"],
            capture_output=True,
            text=True,
            check=True,
            env={**inherited(os.environ), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        ).stdout
        return VersionInfo.parse(text.strip().removeprefix("v"))
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise DeploymentFailedError([f"{binary} is not a Pulumi CLI that runs here: {error}"]) from error


def _each_line(text: str, callback: automation.OnOutput | None) -> None:
    if callback is not None:
        for line in text.splitlines():
            callback(line)
