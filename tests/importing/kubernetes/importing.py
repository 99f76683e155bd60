"""Imports manifests that a test writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from infra.importing.acceptance import accepted
from infra.importing.draft import StackDraft
from infra.importing.findings import Finding
from infra.importing.keys import Column
from infra.importing.kubernetes.mapper import import_kubernetes
from infra.importing.stack_text import stack_text
from infra.settings.model import path_text


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an import made, after the loader has accepted it."""

    draft: StackDraft
    findings: Sequence[Finding]

    @property
    def apps(self) -> Mapping[str, Any]:
        return self.draft.apps

    @property
    def text(self) -> str:
        return stack_text(self.draft)

    def told(self, column: Column) -> dict[str, str]:
        """The texts of a column, by key."""
        return {path_text(one.key): one.text for one in self.findings if one.column is column}


def imported(folder: Path, *manifests: str, stack: str = "shop") -> Result:
    """Import one file that holds these documents."""
    file = folder / "all.yaml"
    file.write_text("\n---\n".join(dedent(one) for one in manifests))
    draft = import_kubernetes([file], stack)
    findings = accepted(draft.draft, draft.findings)
    left_out = [one.text for one in findings if one.text.startswith("left out")]
    assert left_out == []
    return Result(draft=draft.draft, findings=findings)


def deployment(name: str = "web", *, pod: str = "", container: str = "", more: str = "") -> str:
    """A Deployment with one container; each addition is indented as its place needs."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  selector: {{ matchLabels: {{ app: {name} }} }}
{_indented(more, 2)}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec:
{_indented(pod, 6)}
      containers:
        - name: {name}
          image: registry.example.com/{name}:1.2.3
{_indented(container, 10)}
"""


def service(
    name: str = "web", *, app: str | None = None, ports: str = "[{ port: 80, targetPort: 8080 }]", more: str = ""
) -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{ name: {name} }}
spec:
  selector: {{ app: {app or name} }}
  ports: {ports}
{_indented(more, 2)}
"""


def _indented(text: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in dedent(text).strip("\n").splitlines())
