"""The repository variable that switches the delivery workflows on."""

from __future__ import annotations

from infra.github.client import RepositoryApi, github_errors
from infra.reconcile import Step

VARIABLE = "NIGHTOWL_DELIVERY"
ON = "on"


def switch_step(api: RepositoryApi, *, switch_on: bool) -> Step[str]:
    """Inspect the variable that switches the workflows on. It is only changed where `switch_on` asks for it."""
    path = f"actions/variables/{VARIABLE}"
    answer = api.find(path, f"read the variable {VARIABLE}")
    value = None if answer is None else str(answer["value"])

    def apply() -> None:
        if value is None:
            with github_errors(f"make the variable {VARIABLE}"):
                api.repository.create_variable(VARIABLE, ON)
        else:
            api.send("PATCH", path, f"set the variable {VARIABLE}", {"name": VARIABLE, "value": ON})

    off = "the workflows do nothing yet; once a first `pulumi up` made their roles: nightowl github --on"
    return Step(
        name=f"variable {VARIABLE}",
        exists=value is not None,
        changes=(f"{value or 'not set'} -> {ON}",) if switch_on and value != ON else (),
        apply=apply,
        note="the workflows deliver" if switch_on or value == ON else off,
    )
