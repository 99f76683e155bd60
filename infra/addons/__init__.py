"""The add-ons of an EKS cluster: each module beside this one declares one, as `ADDON`.

To add one, copy the module that is most like it: `metrics_server` for an add-on of EKS, `cluster_autoscaler` for a Helm
chart with permissions on AWS. Nothing else has to name it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from infra.addons.addon import Addon

ADDONS: tuple[Addon, ...] = tuple(
    import_module(f"{__name__}.{module.name}").ADDON for module in iter_modules(__path__) if module.name != "addon"
)
"""In alphabetical order of their modules; what waits for what decides when each is made."""

BEFORE_NODES = tuple(addon for addon in ADDONS if addon.needed_by == "nodes")
"""What must run on a node before it is ready."""
AFTER_NODES = tuple(addon for addon in ADDONS if addon.needed_by != "nodes")
"""What runs on the nodes of system pools first, and then on others."""
EKS_ADDON_NAMES = tuple(addon.name for addon in ADDONS if addon.chart is None)
"""Those whose version a stack file can pin."""
