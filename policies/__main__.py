"""Start the pack for the engine: `pulumi preview --policy-pack policies --policy-pack-config policies/prod.json`."""

import sys

from policies.analyzer import serve
from policies.pack import Pack
from policies.problems import PolicyDataError

try:
    pack = Pack()
except PolicyDataError as error:
    sys.exit(str(error))
serve(pack)
