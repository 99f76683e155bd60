"""kube-proxy: the addresses of Services on every node."""

from infra.addons.addon import RUN_1_36, Addon

ADDON = Addon(name="kube-proxy", needed_by="nodes", seconds=24, source=RUN_1_36)
