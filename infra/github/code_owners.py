"""The file CODEOWNERS: whose approval a pull request to main needs.

Everything has the reviewers for owners: what is deployed, and what checks it. GitHub takes the last line that fits a
file, so these lines are the last. Reference: docs.github.com, "About code owners", and .../rest/repos/repos for what it
finds wrong with the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.github.client import GithubError, Json, RepositoryApi
from infra.github.reviewers import Reviewer
from infra.reconcile import Step

FILE = ".github/CODEOWNERS"
"""Where GitHub looks first; files elsewhere do not count then."""

HEAD = "# Written by `nightowl github`: who approves deployments approves changes too. Nothing may come after it."


def code_owners_step(api: RepositoryApi, project: Path, owners: Sequence[Reviewer]) -> Step[str]:
    """Inspect the file of the checkout, and what GitHub finds wrong with that of main. Lines of others stay, above.

    GitHub asks nobody in the place of an owner that it does not know, so an error in the file of main is a difference,
    which only an administrator can mend.
    """
    file = project / FILE
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    wanted = _with_owners(text, owners)
    answer: Json = api.find("codeowners/errors", "read what is wrong with CODEOWNERS") or {}
    errors: list[Json] = answer.get("errors", [])
    faults = [f"main, line {item['line']}: {item['kind']}: {item.get('source', '').strip()}" for item in errors]
    written = wanted != text

    def apply() -> None:
        if written:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted, encoding="utf-8")
        if faults:
            raise GithubError(
                f"{FILE} of {'; '.join(faults)}; give the owners write access under Settings > Collaborators and "
                "teams, bring the file of this checkout to main, and run this again"
            )

    names = ", ".join(owner.mention for owner in owners)
    return Step(
        name=FILE,
        exists=bool(text),
        changes=(*([f"owners of everything: {names}"] if written else []), *faults),
        apply=apply,
        note="bring it to main by a pull request" if written else "",
    )


def _with_owners(text: str, owners: Sequence[Reviewer]) -> str:
    kept = text.partition(HEAD)[0].rstrip("\n")
    line = f"* {' '.join(owner.mention for owner in owners)}\n"
    return f"{kept}\n\n{HEAD}\n{line}" if kept else f"{HEAD}\n{line}"
