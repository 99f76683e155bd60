"""The whole Pulumi program, for this project and for those that take Nightowl as a dependency.

from infra.program import run

run()
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from infra.errors import NightowlError
from infra.extension import load_extension
from infra.platforms.existing.namespace import require_namespace
from infra.platforms.existing.reach import require_cluster
from infra.project import enclosing_project, stacks_folder
from infra.settings.load import load_with_layers
from infra.stack import build
from infra.system.garbage import collect_rarely


def run() -> None:
    """Make what the stack file describes, with the project's own code, and export the outputs.

    Raises:
        pulumi.RunError: the message of what is wrong: the engine shows it alone, and of any other error a traceback.
    """
    collect_rarely()
    try:
        settings, layers = load_with_layers(stacks_folder(Path.cwd()))
        with layers.locating():
            require_cluster(settings.platform)
            require_namespace(settings)
            extension = load_extension(enclosing_project(Path.cwd()))
            outputs = build(settings, extension=extension)
        for name, value in outputs.items():
            pulumi.export(name, value)
    except NightowlError as error:
        raise pulumi.RunError(str(error)) from None
