"""Where the files of a local cluster are. Removing the cluster's folder removes all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infra.system.folders import clusters_folder

DEFAULT_CLUSTER_NAME = "nightowl"
KUBE_CONTEXT = "nightowl-local"
"""The context of every local kubeconfig. Each cluster has a file of its own, so one name serves all of them, and a
stack file that names this context cannot reach any other cluster by mistake."""


@dataclass(frozen=True)
class ClusterPaths:
    """The files of one local cluster, all below `root`; only the locks are beside it, to outlive it."""

    name: str
    root: Path

    @classmethod
    def of(cls, name: str) -> ClusterPaths:
        """Return the paths of the cluster called `name`."""
        return cls(name=name, root=clusters_folder() / name)

    @property
    def kubeconfig(self) -> Path:
        """The cluster's own kubeconfig; the user's is never read or written."""
        return self.root / "kubeconfig"

    @property
    def kwok_workdir(self) -> Path:
        """The working folder of kwokctl: etcd data, certificates and logs of the control plane."""
        return self.root / "kwok"

    @property
    def logs(self) -> Path:
        """Logs of the processes that kwokctl does not run (Karpenter)."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """The Pulumi file backend of the stacks on this cluster."""
        return self.root / "pulumi-state"

    @property
    def passphrase(self) -> Path:
        """The generated passphrase of the stacks' secrets (mode 0600)."""
        return self.root / "passphrase"

    @property
    def programs(self) -> Path:
        """Links to the programs that a shell needs for this cluster (`nightowl local env` puts it on PATH)."""
        return self.root / "programs"

    @property
    def workspace(self) -> Path:
        """The folder in which the Pulumi engine is run."""
        return self.root / "workspace"

    @property
    def lock(self) -> Path:
        """Held by whoever creates or deletes the cluster."""
        return self.root.parent / f"{self.name}.lock"

    @property
    def deployment_lock(self) -> Path:
        """Held by whoever deploys to the cluster, from the first tool to the last app."""
        return self.root.parent / f"{self.name}.deployment.lock"

    @property
    def record(self) -> Path:
        """What the cluster was created with. It is written last: a cluster without it is half made."""
        return self.root / "cluster.json"

    @property
    def kwokctl_configuration(self) -> Path:
        """Input of kwokctl."""
        return self.root / "kwokctl.yaml"

    @property
    def instance_types(self) -> Path:
        """Karpenter's input."""
        return self.root / "instance-types.json"

    @property
    def components(self) -> Path:
        """The folder that kwokctl keeps: certificates, etcd data, logs, and links to the programs."""
        return self.kwok_workdir / "clusters" / self.name

    @property
    def kubectl_cache(self) -> Path:
        """Where kubectl keeps what it discovered, instead of the user's home."""
        return self.root / "kubectl-cache"

    @property
    def karpenter(self) -> Path:
        """A link to Karpenter, so that its process is found by the cluster's folder like the others."""
        return self.root / "bin" / "karpenter"

    def log(self, component: str) -> Path:
        """Return the log of a component."""
        folder = self.logs if component == "karpenter" else self.components / "logs"
        return folder / f"{component}.log"
