"""The Pulumi program: settings, resources, outputs."""

import pulumi

from infra.reach import require_cluster
from infra.settings.load import load
from infra.stack import build

settings = load()
require_cluster(settings.platform)
for name, value in build(settings).items():
    pulumi.export(name, value)
