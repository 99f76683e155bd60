"""EKS node monitoring agent: finds nodes that are ill, which EKS then repairs."""

from infra.addons.addon import LIKE_OTHER_DAEMONS, Addon

ADDON = Addon(name="eks-node-monitoring-agent", seconds=24, source=LIKE_OTHER_DAEMONS)
