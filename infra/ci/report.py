"""What a preview or a deployment did, in GitHub's Markdown.

Names and messages come from stack files, from clusters and from AWS, so all of them stand in code blocks, where GitHub
reads no markup, mentions nobody and links nothing. Values of properties never appear: one of them may be a secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from infra.engine.outcome import STAYS, StepChange
from policies.evaluation import Evaluation, Violation

LONGEST_TEXT = 65_000
"""Characters of a comment or an issue. GitHub takes 65,536; the rest is for the marker."""
LONGEST_LINE = 400
SIGNS = {"create": "+", "import": "+", "delete": "-", "update": "~"}
FORGET = "forget"
"""The operation on what stays, for which GitHub has no colour: nothing of it changes."""
REPLACES = "!"
"""GitHub colours the lines of a `diff` block by their first character."""
BAR = "\N{BROKEN BAR}"
CUT_NOTE = "... and {count} more lines, which do not fit here; the log of the job has them all"
CUT_NOTE_LENGTH = 120


def code(text: str) -> str:
    """Write a short text as inline code."""
    return f"`{_line(text).replace('`', chr(39))}`"


def cell(text: str) -> str:
    """Write a text of anybody as a cell of a table: inline code, in which nothing is markup and no bar ends the cell.

    A bar that is escaped would not do, as the text can have a backslash before it.
    """
    return code(" ".join(text.split())).replace("|", BAR)


def block(lines: Iterable[str], *, language: str = "text", room: int = LONGEST_TEXT) -> str:
    """Write lines as a code block of at most `room` characters; what does not fit is counted in its last line."""
    plain = [_line(line) for text in lines for line in text.splitlines() or [""]]
    longest = max((len(run) for line in plain for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    left = room - 2 * len(fence) - len(language) - CUT_NOTE_LENGTH
    shown: list[str] = []
    for line in plain:
        left -= len(line) + 1
        if left < 0:
            shown.append(CUT_NOTE.format(count=len(plain) - len(shown)))
            break
        shown.append(line)
    return "\n".join([f"{fence}{language}", *shown, fence])


def change_table(steps: Sequence[StepChange]) -> str:
    """Write how many resources each operation is for, as a table."""
    counts = Counter(FORGET if step.stays else step.op for step in steps)
    rows = [f"| {op} | {counts[op]} |" for op in sorted(counts)]
    return "\n".join(["| operation | resources |", "| --- | ---: |", *rows])


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table. Texts of anybody must have been through `cell`."""
    lines = (headers, ["---"] * len(headers), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def change_lines(steps: Iterable[StepChange]) -> list[str]:
    """Write each change as a line of a `diff` block, and below it the keys that differ."""
    lines: list[str] = []
    for step in steps:
        sign, op = (" ", FORGET) if step.stays else (SIGNS.get(step.op, REPLACES), step.op)
        lines.append(f"{sign} {op:<8} {step.type}  {step.name}{f': {STAYS}' if step.stays else ''}")
        lines += [f"      {key}" for key in step.detailed]
    return lines


def change_details(steps: Sequence[StepChange], room: int) -> str:
    """Write the changes folded in, in at most `room` characters."""
    heading = f"<details><summary>{counted(len(steps), 'resource')}</summary>"
    frame = len(heading) + len("\n\n\n\n</details>")
    return f"{heading}\n\n{block(change_lines(steps), language='diff', room=room - frame)}\n\n</details>"


def with_changes(before: Sequence[str], steps: Sequence[StepChange], after: Sequence[str]) -> str:
    """Put the changes between paragraphs, in the room that those leave of LONGEST_TEXT."""
    if not steps:
        return joined([*before, *after])
    above = [*before, change_table(steps)]
    room = LONGEST_TEXT - len(joined([*above, *after])) - len("\n\n")
    return joined([*above, change_details(steps, room), *after])


def policy_lines(evaluation: Evaluation) -> list[str]:
    """Write what the policy pack found, mandatory violations first, each with its remedy."""
    found = dict.fromkeys(_violation(violation) for violation in evaluation.violations)
    return [line for lines in found for line in lines]


def _violation(violation: Violation) -> tuple[str, str]:
    remedy = " ".join(violation.remedy.split())
    head = f"{violation.level.value}: {violation.rule.name}: {violation.text}"
    return " ".join(head.split()), f"    {remedy}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: `1 resource`, `3 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def joined(parts: Iterable[str]) -> str:
    """Put paragraphs together; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def _line(text: str) -> str:
    """One line without control characters and not too long."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= LONGEST_LINE else f"{plain[: LONGEST_LINE - 3]}..."
