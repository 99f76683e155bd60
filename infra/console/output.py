"""Where a command prints, and how much.

Results, tables as well as JSON, go to standard output. What `--verbose` adds goes to standard error, so that it never
stands in a document.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from infra.console.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

LOGGERS = ("infra", "policies", "urllib3.connectionpool")
"""Whose records are shown: our own, and of each call to AWS, GitHub and Kubernetes the one line that names it. The AWS
SDK's and PyGithub's own records are left out: they hold headers."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """What the user wants to see."""

    quiet: bool = False

    @property
    def results(self) -> Console:
        """For what the command was called for."""
        from rich.console import Console

        return Console(highlight=False)

    def progress(self, *, stderr: bool = False) -> Console:
        """For what it does meanwhile, and for hints; `stderr` where standard output may hold a document."""
        from rich.console import Console

        return Console(highlight=False, stderr=stderr, quiet=self.quiet)


class _SafeFormatter(logging.Formatter):
    @override
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _without_query(record: logging.LogRecord) -> bool:
    """Cut the query off addresses that urllib3 names: a presigned one holds a signature."""
    if record.name.startswith("urllib3") and isinstance(record.args, tuple):
        record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


def log_to_standard_error() -> None:
    """Show which programs run, which calls are made and what is decided, each with the time of day."""
    from rich.console import Console
    from rich.highlighter import NullHighlighter
    from rich.logging import RichHandler
    from rich.text import Text

    handler = RichHandler(
        console=Console(stderr=True),
        highlighter=NullHighlighter(),
        log_time_format=lambda time: Text(f"{time:%H:%M:%S}.{time.microsecond // 1000:03}"),
        omit_repeated_times=False,
        show_path=False,
    )
    handler.setFormatter(_SafeFormatter("%(message)s"))
    handler.addFilter(_without_query)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.handlers = [handler]
