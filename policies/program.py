"""The policy pack as a program, for this folder and for the folder `policies` of projects that depend on this one."""

import sys
from pathlib import Path

from policies.analyzer import serve
from policies.pack import Pack
from policies.problems import PolicyDataError


def run(exceptions: Path) -> None:
    """Serve all rules to the engine, with the exceptions of that file."""
    try:
        pack = Pack(exceptions=exceptions)
    except PolicyDataError as error:
        sys.exit(str(error))
    serve(pack)
