"""The tables of keys in docs/import.md: `python -m infra.importing.page` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.importing.compose.keys import KEYS as COMPOSE
from infra.importing.keys import Column, Key, Keys
from infra.importing.kubernetes.keys import KEYS as KUBERNETES
from infra.importing.marathon.keys import KEYS as MARATHON

PAGE = Path(__file__).parents[2] / "docs" / "import.md"
TABLES: Mapping[str, Keys] = {"compose": COMPOSE, "marathon": MARATHON, "kubernetes": KUBERNETES}
"""By the name of the command."""


def with_tables(page: str) -> str:
    """Return the text of the page with the table of each format between its two comments."""
    for name, keys in TABLES.items():
        before, start, rest = page.partition(f"<!-- keys of {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of keys of {name} -->")
        page = f"{before}{start}{table(keys)}{end}{after}"
    return page


def table(keys: Keys) -> str:
    """Write a table of keys as Markdown, in the order of the names; what several kinds of Kubernetes share, once."""
    head = ["| key | | in the stack file | |", "|---|---|---|---|"]
    return "\n".join([*head, *_rows(keys), ""])


def _rows(keys: Keys) -> Iterator[str]:
    rows = (_row(_without_template(path), keys[path]) for path in sorted(keys))
    return iter(sorted(dict.fromkeys(rows)))


def _row(path: str, key: Key) -> str:
    to = f"`{key.to}`" if key.to else ""
    column = f"**{key.column}**" if key.column is Column.DANGEROUS else str(key.column)
    text = key.text.replace("|", "\\|")
    return f"| `{path}` | {column} | {to} | {text} |"


def _without_template(path: str) -> str:
    """Name the fields of the pods of a workload as those of a Pod, and of the runs of a CronJob as those of a Job."""
    path = re.sub(r"^CronJob\.\*\.spec\.jobTemplate\b", "Job.*", path)
    return re.sub(r"^[A-Za-z]+\.\*\.spec\.template\b", "Pod.*", path)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
