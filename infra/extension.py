"""The stack's own Pulumi code: `extend.py` beside Pulumi.yaml, with what Nightowl has no key for.

`before_apps(stack)` makes what it likes, and returns outputs by name, which the stack file has as `{output: NAME}`.
`after_apps(stack, apps)` gets the apps that have been made. A file has one of them, or both.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

import pulumi
from pydantic import TypeAdapter, ValidationError

from infra.errors import NightowlError, UsageError
from infra.platforms.surroundings import RunningApp, Surroundings
from infra.settings.outputs import OutputName

MODULE = "extend"
FILES = ("extend.py", "extend/__init__.py")
"""Where the code may be, below the folder of Pulumi.yaml."""
Outputs = Mapping[str, pulumi.Input[str]]
BeforeApps = Callable[[Surroundings], Outputs | None]
AfterApps = Callable[[Surroundings, Mapping[str, RunningApp]], None]
_NAME: TypeAdapter[str] = TypeAdapter(OutputName)


@dataclass(frozen=True, kw_only=True)
class Extension:
    """The functions of a file; none where there is no such file."""

    file: Path | None = None
    before_apps: BeforeApps | None = None
    after_apps: AfterApps | None = None

    def make(self, surroundings: Surroundings) -> Outputs:
        """Run what comes before the apps, and return its outputs by name.

        Raises:
            UsageError: it fails, or returns no outputs by name.
        """
        if self.before_apps is None:
            return {}
        with _told_in_a_line(self.file):
            returned = cast("object", self.before_apps(surroundings))
        if returned is None:
            return {}
        if not isinstance(returned, Mapping):
            raise UsageError(f"{self.file}: before_apps returns no mapping; return outputs by name, or nothing")
        outputs = cast("Mapping[object, object]", returned)
        wrong = [message for name, value in outputs.items() if (message := _flaw(name, value))]
        if wrong:
            raise UsageError("\n".join(f"{self.file}: {message}" for message in wrong))
        return cast("Outputs", outputs)

    def finish(self, surroundings: Surroundings, apps: Mapping[str, RunningApp]) -> None:
        """Run what comes after the apps.

        Raises:
            UsageError: it fails.
        """
        if self.after_apps is not None:
            with _told_in_a_line(self.file):
                self.after_apps(surroundings, apps)


NO_EXTENSION = Extension()


def load_extension(project: Path | None) -> Extension:
    """Run the file of a project, which defines its functions; a project without one has none.

    Raises:
        UsageError: the file cannot be run, or defines neither function.
    """
    places = () if project is None else (project / name for name in FILES)
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        return NO_EXTENSION
    module = _run(file)
    before, after = getattr(module, "before_apps", None), getattr(module, "after_apps", None)
    if before is None and after is None:
        remedy = "write def before_apps(stack) or def after_apps(stack, apps)"
        raise UsageError(f"{file} defines neither before_apps nor after_apps; {remedy}")
    return Extension(file=file, before_apps=before, after_apps=after)


def _run(file: Path) -> ModuleType:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(MODULE, file, submodule_search_locations=folder)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} is no Python file that can be read")
    module = importlib.util.module_from_spec(spec)
    # Modules of a package find each other by it. Each run of a program has modules of its own.
    for name in [name for name in sys.modules if name == MODULE or name.startswith(f"{MODULE}.")]:
        del sys.modules[name]
    sys.modules[MODULE] = module
    with _told_in_a_line(file):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _told_in_a_line(file: Path | None) -> Generator[None]:
    """Raise an error of own code with its line, and an exit as one: nothing after it would be made or judged."""
    try:
        yield
    except (NightowlError, pulumi.RunError):
        raise
    except (Exception, SystemExit) as error:
        kind = "ends the program" if isinstance(error, SystemExit) else type(error).__name__
        raise UsageError(f"{_place(error, file)}: {kind}: {error}") from error


def _place(error: BaseException, file: Path | None) -> str:
    """Return where own code failed: the last line of its own files on the way to the error."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    own = [] if file is None else [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame, file)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else str(file)


def _is_own(frame: traceback.FrameSummary, file: Path) -> bool:
    return frame.filename == str(file) or (file.name == "__init__.py" and file.parent in Path(frame.filename).parents)


def _flaw(name: object, value: object) -> str | None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return f"{name!r} is not the name of an output: use letters, digits, dashes and underscores"
    if isinstance(value, str | pulumi.Output):
        return None
    return f"the output {name} is a {type(value).__name__}; return a text, such as an ARN, or an output of a resource"
