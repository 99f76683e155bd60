"""The Pulumi program: settings, resources, outputs."""

from pathlib import Path

import pulumi

from infra.errors import NightowlError
from infra.platforms.existing.namespace import require_namespace
from infra.platforms.existing.reach import require_cluster
from infra.project import stacks_folder
from infra.settings.load import load
from infra.stack import build
from infra.system.garbage import collect_rarely

collect_rarely()
try:
    settings = load(stacks_folder(Path.cwd()))
    require_cluster(settings.platform)
    require_namespace(settings)
    for name, value in build(settings).items():
        pulumi.export(name, value)
except NightowlError as error:
    # The engine shows the message of this error alone; of any other, a traceback.
    raise pulumi.RunError(str(error)) from None
