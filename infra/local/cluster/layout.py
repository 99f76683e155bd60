"""Where a cluster's files are, beyond what `infra.local.paths` names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infra.local.paths import ClusterPaths


@dataclass(frozen=True)
class Layout:
    """Files of the cluster machinery, below the cluster's folder; only the locks are beside it, to outlive it."""

    paths: ClusterPaths

    @property
    def lock(self) -> Path:
        """Held by whoever creates or deletes the cluster."""
        return self.paths.root.parent / f"{self.paths.name}.lock"

    @property
    def deployment_lock(self) -> Path:
        """Held by whoever deploys to the cluster, from the first tool to the last app."""
        return self.paths.root.parent / f"{self.paths.name}.deployment.lock"

    @property
    def record(self) -> Path:
        """What the cluster was created with. It is written last: a cluster without it is half made."""
        return self.paths.root / "cluster.json"

    @property
    def kwokctl_configuration(self) -> Path:
        """Input of kwokctl."""
        return self.paths.root / "kwokctl.yaml"

    @property
    def instance_types(self) -> Path:
        """Karpenter's input."""
        return self.paths.root / "instance-types.json"

    @property
    def components(self) -> Path:
        """The folder that kwokctl keeps: certificates, etcd data, logs, and links to the programs."""
        return self.paths.kwok_workdir / "clusters" / self.paths.name

    @property
    def kubectl_cache(self) -> Path:
        """Where kubectl keeps what it discovered, instead of the user's home."""
        return self.paths.root / "kubectl-cache"

    @property
    def karpenter(self) -> Path:
        """A link to Karpenter, so that its process is found by the cluster's folder like the others."""
        return self.paths.root / "bin" / "karpenter"

    def log(self, component: str) -> Path:
        """Return the log of a component."""
        return self.paths.logs / "karpenter.log" if component == "karpenter" else self._kwokctl_log(component)

    def _kwokctl_log(self, component: str) -> Path:
        return self.components / "logs" / f"{component}.log"
