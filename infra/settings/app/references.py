"""References from one environment variable to another, `$(NAME)`, as Kubernetes reads them.

The rules are those of k8s.io/kubernetes/third_party/forked/golang/expansion: `$(NAME)` stands for the value of a
variable of the same container, `$$` for a dollar sign, so `$$(NAME)` is no reference. In `command` and `args` a name
that no variable has stays as it is written, as the substitutions of a shell look the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from infra.settings.model import FieldError
from infra.settings.nearest import nearest

VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
"""What Kubernetes takes for a name (IsEnvVarName of k8s.io/apimachinery/pkg/util/validation), but for names that begin
with a dot or a dash."""
OF_KUBERNETES = "KUBERNETES_"
"""How the names begin of the variables that Kubernetes sets in every container: the address of the API server."""
_OF_COMPOSE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?+][^}]*)?\}")
_VARIABLE = re.compile(rf"\$\({VARIABLE_NAME}\)|\$\{{{VARIABLE_NAME}(?::?[-?+][^}}]*)?\}}")
_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")


def references(text: str) -> list[str]:
    """List the names between `$(` and `)`, in order; escaped ones are none."""
    return [match[1] for match in _REFERENCE.finditer(text) if match[1] is not None]


def is_expanded(text: str) -> bool:
    """Return whether Kubernetes makes another text of it."""
    return _REFERENCE.search(text) is not None


def left_as_written(text: str) -> str | None:
    """Return the first variable in a text that nobody expands, as `$(NAME)` or Compose's `${NAME}`; None for none."""
    found = _VARIABLE.search(text)
    return None if found is None else found[0]


def file_errors(files: Mapping[str, str], variables: Collection[str]) -> Iterator[FieldError]:
    """Find files that refer to variables of their container. What is no variable of it may be a shell's own."""
    for path, content in files.items():
        is_expanded_by_make = re.search(r"(^|/)(GNU)?[Mm]akefile$|\.mk$", path)
        named = next((name for name in references(content) if name in variables), None)
        if named is not None and not is_expanded_by_make:
            message = f"$({named}) stays as it is written, as Kubernetes expands no variable in a file"
            yield FieldError(("files", path), f"{message}; write the value, or let the program read its variable")


def in_order_of_references(texts: Mapping[str, str]) -> list[str]:
    """List variables so that each comes after those that its text refers to, as only those are known to it.

    Raises:
        graphlib.CycleError: they refer to one another in a circle.
    """
    before = {name: sorted(texts.keys() & set(references(texts[name]))) for name in sorted(texts)}
    return list(TopologicalSorter(before).static_order())


def reference_errors(env: Mapping[str, object], others: Collection[str]) -> Iterator[FieldError]:
    """Find the references of one container that lead nowhere: to no variable of `env` and `others`, or in a circle.

    Kubernetes would leave them as they are written, and the app would take them for a value.
    """
    known = env.keys() | set(others)
    texts = {name: value for name, value in env.items() if isinstance(value, str)}
    for name, text in texts.items():
        for other in dict.fromkeys(references(text)):
            if re.fullmatch(VARIABLE_NAME, other) and other not in known and not other.startswith(OF_KUBERNETES):
                yield FieldError(("env", name), _unknown(other, known - {name}))
        for other in dict.fromkeys(_of_compose(text)):
            message = (
                f"${{{other}}} is filled in by Compose, and by nobody here; write the value, or $({other}) for the "
                f"variable or secret of that name, or $${{{other}}} if the program reads these very characters"
            )
            yield FieldError(("env", name), message)
    try:
        in_order_of_references(texts)
    except CycleError as error:
        # The sorter lists a circle against its direction.
        circle = list(reversed(error.args[1]))
        message = f"refers to itself: {' -> '.join(circle)}; write one of them without the other"
        yield FieldError(("env", circle[0]), message)


def _of_compose(text: str) -> list[str]:
    return [match[1] for match in _OF_COMPOSE.finditer(text) if match[1] is not None]


def _unknown(name: str, known: Collection[str]) -> str:
    near = nearest(name, known)
    if near:
        return f"$({name}) names no variable of this container; did you mean $({near})?"
    return (
        f"$({name}) names no variable of this container; set it under env, or under secrets with its env, "
        f"or write $$({name}) for these very characters"
    )
