"""The Pulumi program: settings, resources, outputs."""

import pulumi

from infra.settings.load import load
from infra.stack import build

for name, value in build(load()).items():
    pulumi.export(name, value)
