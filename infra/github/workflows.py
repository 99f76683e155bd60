"""Workflows that GitHub switched off by itself: in a fork, or after 60 days without activity.

Reference: docs.github.com/en/rest/actions/workflows.
"""

from __future__ import annotations

from infra.github.client import Json, RepositoryApi
from infra.reconcile import Step

FILES = ".github/workflows/"
"""Workflows elsewhere are of GitHub's own making, such as dynamic/dependabot."""

SWITCHED_OFF_BY_GITHUB = {"disabled_fork": "off as in any fork", "disabled_inactivity": "off for inactivity"}
"""GitHub's state to what a reader sees."""

SWITCHED_OFF_BY_HAND = "disabled_manually"


def workflows_step(api: RepositoryApi) -> Step[str]:
    """Inspect the workflows, and enable those that GitHub switched off. What somebody switched off stays off."""
    answer = api.get("actions/workflows", "list the workflows")
    workflows: list[Json] = [item for item in answer["workflows"] if item["path"].startswith(FILES)]
    switched_off = [item for item in workflows if item["state"] in SWITCHED_OFF_BY_GITHUB]

    def apply() -> None:
        for workflow in switched_off:
            path = f"actions/workflows/{workflow['id']}/enable"
            api.send("PUT", path, f"enable the workflow {_file(workflow)}")

    return Step(
        name="workflows",
        exists=True,
        changes=tuple(f"{_file(item)}: {SWITCHED_OFF_BY_GITHUB[item['state']]} -> on" for item in switched_off),
        apply=apply,
        note=_note(workflows, fork=api.repository.fork),
    )


def _note(workflows: list[Json], *, fork: bool) -> str:
    if fork and not workflows:
        return 'GitHub lists none: click Actions > "I understand my workflows, go ahead and enable them", then repeat'
    by_hand = sorted(_file(item) for item in workflows if item["state"] == SWITCHED_OFF_BY_HAND)
    return f"{', '.join(by_hand)}: off by somebody's hand, left as it is" if by_hand else ""


def _file(workflow: Json) -> str:
    return str(workflow["path"]).removeprefix(FILES)
