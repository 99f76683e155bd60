"""Where the files of a local cluster are. Removing the cluster's folder removes all that belongs to it."""

from __future__ import annotations

from pathlib import Path

from infra.system.folders import clusters_folder

DEFAULT_CLUSTER_NAME = "nightowl"
KUBE_CONTEXT = "nightowl-local"
"""The context of every local kubeconfig. Each cluster has a file of its own, so one name serves all of them, and a
stack file that names this context cannot reach any other cluster by mistake."""


class ClusterPaths:
    """The files of one local cluster, all below `root`; only the locks are beside it, to outlive it."""

    def __init__(self, name: str, root: Path | None = None) -> None:
        self.name = name
        self.root = root = root or clusters_folder() / name
        self.kubeconfig = root / "kubeconfig"
        """The cluster's own kubeconfig; the user's is never read or written."""
        self.kwok_workdir = root / "kwok"
        """The working folder of kwokctl: etcd data, certificates and logs of the control plane."""
        self.components = self.kwok_workdir / "clusters" / name
        """The folder that kwokctl keeps: certificates, etcd data, logs, and links to the programs."""
        self.certificates = self.components / "pki"
        self.logs = root / "logs"
        """Logs of the processes that kwokctl does not run (Karpenter and the provisioner)."""
        self.state = root / "pulumi-state"
        """The Pulumi file backend of the stacks on this cluster."""
        self.passphrase = root / "passphrase"
        """The generated passphrase of the stacks' secrets (mode 0600)."""
        self.programs = root / "programs"
        """Links to the programs that a shell needs for this cluster (`nightowl local env` puts it on PATH)."""
        self.workspace = root / "workspace"
        """The folder in which the Pulumi engine is run."""
        self.lock = root.parent / f"{name}.lock"
        """Held by whoever creates or deletes the cluster."""
        self.deployment_lock = root.parent / f"{name}.deployment.lock"
        """Held by whoever deploys to the cluster, from the first tool to the last app."""
        self.record = root / "cluster.json"
        """What the cluster was created with. It is written last: a cluster without it is half made."""
        self.kwokctl_configuration = root / "kwokctl.yaml"
        """Input of kwokctl."""
        self.instance_types = root / "instance-types.json"
        """Karpenter's input."""
        self.kubectl_cache = root / "kubectl-cache"
        """Where kubectl keeps what it discovered, instead of the user's home."""
        self.karpenter = root / "bin" / "karpenter"
        """A link to Karpenter, so that its process is found by the cluster's folder like the others."""
        self.provisioner = root / "bin" / "volume-provisioner"
        """A link to Python, by which the process that makes volumes is found."""

    def log(self, component: str) -> Path:
        """Return the log of a component."""
        folder = self.logs if component in {"karpenter", "volume-provisioner"} else self.components / "logs"
        return folder / f"{component}.log"
