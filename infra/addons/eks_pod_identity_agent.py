"""EKS Pod Identity agent: hands pods the credentials of the role of their service account."""

from infra.addons.addon import RUN_1_36, Addon

ADDON = Addon(name="eks-pod-identity-agent", needed_by="nodes", seconds=24, source=RUN_1_36)
