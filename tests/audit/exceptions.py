"""What the checkers may hold against the stacks: a short list, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tests.audit.checkers import Finding

FILE = Path(__file__).parent / "exceptions.yaml"


class Exemption(BaseModel):
    """One finding, or several alike, that stays; `resource` may hold `*`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checker: str
    rule: str
    resource: str
    stacks: tuple[str, ...] = Field(default=(), description="The stacks that it is for; none stands for all.")
    reason: str = Field(min_length=20)

    def covers(self, finding: Finding) -> bool:
        """Whether `finding` is one of those."""
        return (
            (finding.checker, finding.rule) == (self.checker, self.rule)
            and fnmatchcase(finding.resource, self.resource)
            and (not self.stacks or finding.subject in self.stacks)
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Findings that nothing excuses, and exemptions that nothing needs."""

    findings: Sequence[Finding]
    needless: Sequence[Exemption]


def read_exemptions(file: Path = FILE) -> list[Exemption]:
    """Read the list."""
    return TypeAdapter(list[Exemption]).validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))


def judge(findings: Iterable[Finding], exemptions: Sequence[Exemption]) -> Verdict:
    """Take out what is excused."""
    found = sorted(set(findings))
    return Verdict(
        findings=[finding for finding in found if not any(one.covers(finding) for one in exemptions)],
        needless=[one for one in exemptions if not any(one.covers(finding) for finding in found)],
    )
