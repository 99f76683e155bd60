"""The run of GitHub Actions that a command is part of, as its environment describes it.

Variables and files: GitHub's documentation, "Variables reference" and "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from rich.console import Console

from infra.errors import UsageError
from infra.github.client import DEFAULT_API_URL

SERVER_URL = "https://github.com"
LONGEST_SUMMARY_BYTES = 1024 * 1024
"""GitHub drops the summary of a step that is larger ("Workflow commands", "Step isolation and limits")."""

_OUTPUT_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_CUT = "\n\n_The rest was cut: GitHub shows 1 MiB per step._\n"


@dataclass(frozen=True, kw_only=True)
class ActionsRun:
    """A run of a workflow. On a laptop, where most variables are missing, the texts are empty and the files None."""

    repository: str = ""
    """`owner/name`."""
    token: str = field(default="", repr=False)
    app: str = ""
    """The client id of the GitHub App that acts instead of the run's token."""
    app_key: str = field(default="", repr=False)
    """The App's private key, in PEM."""
    api_url: str = DEFAULT_API_URL
    server_url: str = SERVER_URL
    sha: str = ""
    """The commit that the run is of."""
    run_id: str = ""
    output: Path | None = None
    """The file that takes the step's outputs."""
    summary: Path | None = None
    """The file that takes the step's summary, in Markdown."""
    event: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The payload of the webhook that started the run."""
    dry_run: bool = False
    """Whether a command only says what it would do: it reads files, and asks neither GitHub, AWS nor the engine."""
    console: Console = field(default_factory=lambda: Console(highlight=False), repr=False)
    """Where a command prints what it does."""
    results: Console = field(default_factory=lambda: Console(highlight=False), repr=False)
    """Where outputs and summary are printed outside of Actions."""

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], console: Console | None = None, *, dry_run: bool = False
    ) -> Self:
        """Read the variables that GitHub sets, and what the workflow passes to speak with.

        That is a token, as GITHUB_TOKEN or GH_TOKEN, or an App with its key, as NIGHTOWL_APP and NIGHTOWL_APP_KEY.

        Nothing is required here: `repository` and `token` are asked for by the commands that talk to GitHub.

        Raises:
            UsageError: the event's file cannot be read.
        """
        return cls(
            repository=environ.get("GITHUB_REPOSITORY", ""),
            token=environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN", ""),
            app=environ.get("NIGHTOWL_APP", ""),
            app_key=environ.get("NIGHTOWL_APP_KEY", ""),
            api_url=environ.get("GITHUB_API_URL") or DEFAULT_API_URL,
            server_url=environ.get("GITHUB_SERVER_URL") or SERVER_URL,
            sha=environ.get("GITHUB_SHA", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            output=_path(environ, "GITHUB_OUTPUT"),
            summary=_path(environ, "GITHUB_STEP_SUMMARY"),
            event=_event(environ),
            dry_run=dry_run,
            console=console or Console(highlight=False),
        )

    def require_github(self) -> None:
        """Check that requests can be sent to GitHub.

        Raises:
            UsageError: the repository, the token or the App's key is missing; the message names the variable and where
                it comes from.
        """
        if not self.repository:
            raise UsageError("GITHUB_REPOSITORY is not set; GitHub Actions sets it, elsewhere write OWNER/NAME into it")
        if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", self.repository):
            raise UsageError(f"GITHUB_REPOSITORY: {self.repository!r} is not a repository; write OWNER/NAME")
        if self.app and not self.app_key:
            raise UsageError(
                f"NIGHTOWL_APP is {self.app}, and NIGHTOWL_APP_KEY is not set; give the App's private key to the "
                "environment of the job: gh secret set NIGHTOWL_APP_KEY --env proposals < KEY.pem"
            )
        if not self.token and not self.app:
            raise UsageError(
                "GITHUB_TOKEN is not set; pass it to the step (env: GITHUB_TOKEN: ${{ github.token }}), on a laptop "
                'export GITHUB_TOKEN="$(gh auth token)"'
            )

    @property
    def url(self) -> str:
        """The page of the run; empty outside of Actions."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}" if self.run_id else ""

    @property
    def log(self) -> str:
        """A link to the run for the end of a paragraph in Markdown; empty outside of Actions."""
        return f" [Log]({self.url})." if self.url else ""

    def print(self, text: str) -> None:
        """Print a line for people who follow the run."""
        self.console.out(text)

    def set_output(self, key: str, value: str) -> None:
        """Write a value for later steps and jobs, of one or several lines; outside of Actions it is printed.

        Raises:
            ValueError: `key` is no name of an output.
        """
        if not _OUTPUT_KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the name of an output")
        if self.output is None:
            self.results.out(f"{key}={value}")
            return
        # A value may come from outside. With a delimiter that nobody can guess it cannot end early and set others.
        delimiter = f"nightowl_{secrets.token_hex(16)}"
        with self.output.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{key}<<{delimiter}\n{value}\n{delimiter}\n")

    def summarize(self, markdown: str) -> None:
        """Add Markdown to the summary on the page of the run; outside of Actions it is printed."""
        if self.summary is None:
            self.results.out(markdown)
            return
        used = self.summary.stat().st_size if self.summary.exists() else 0
        with self.summary.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_shortened(markdown.rstrip("\n") + "\n", LONGEST_SUMMARY_BYTES - used))


def _shortened(text: str, room_bytes: int) -> str:
    data = text.encode()
    if len(data) <= room_bytes:
        return text
    kept = data[: max(0, room_bytes - len(_CUT.encode()))].decode(errors="ignore")
    return kept.rpartition("\n")[0] + _CUT if kept else ""


def _path(environ: Mapping[str, str], variable: str) -> Path | None:
    value = environ.get(variable)
    return Path(value) if value else None


def _event(environ: Mapping[str, str]) -> Mapping[str, Any]:
    path = _path(environ, "GITHUB_EVENT_PATH")
    if path is None:
        return {}
    try:
        event: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"GITHUB_EVENT_PATH: {path} is not JSON") from None
    return cast(Mapping[str, Any], event) if isinstance(event, dict) else {}
