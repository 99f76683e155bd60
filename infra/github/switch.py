"""The repository variable that switches the delivery workflows on."""

from __future__ import annotations

from infra.github.client import RepositoryApi, github_errors
from infra.reconcile import Step

VARIABLE = "NIGHTOWL_DELIVERY"
ON = "on"


def switch_step(api: RepositoryApi, *, switch_on: bool) -> Step[str]:
    """Inspect the variable that switches the workflows on. It is only changed where `switch_on` asks for it.

    Raises:
        GithubError: GitHub refuses to answer.
    """
    value = _read(api, VARIABLE)
    return _step(api, VARIABLE, value, ON if switch_on else value, note=_note(value, switch_on=switch_on))


def _read(api: RepositoryApi, name: str) -> str | None:
    answer = api.find(f"actions/variables/{name}", f"read the variable {name}")
    return None if answer is None else str(answer["value"])


def _step(api: RepositoryApi, name: str, value: str | None, wanted: str | None, *, note: str = "") -> Step[str]:
    def apply() -> None:
        if value is None:
            with github_errors(f"make the variable {name}"):
                api.repository.create_variable(name, wanted or "")
        else:
            api.send("PATCH", f"actions/variables/{name}", f"set the variable {name}", {"name": name, "value": wanted})

    return Step(
        name=f"variable {name}",
        exists=value is not None,
        changes=(f"{value or 'not set'} -> {wanted}",) if wanted != value else (),
        apply=apply,
        note=note,
    )


def _note(value: str | None, *, switch_on: bool) -> str:
    if value == ON or switch_on:
        return "the workflows deliver"
    return "the workflows do nothing yet; once a first `pulumi up` made their roles: nightowl github --on"
