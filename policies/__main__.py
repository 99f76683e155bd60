"""Start the pack for the engine: `pulumi preview --policy-pack policies --policy-pack-config policies/prod.json`."""

import sys

from pulumi_policy import PolicyPack

from policies.pack import NAME, pack_policies
from policies.problems import PolicyDataError

try:
    policies = pack_policies()
except PolicyDataError as error:
    sys.exit(str(error))
# This starts a server and never returns.
PolicyPack(NAME, policies)
