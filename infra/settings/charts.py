"""`nightowl:charts` and `nightowl:manifests`: what others wrote for Kubernetes, beside the apps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator

from infra.settings.app.peers import NamespaceName
from infra.settings.app.permissions import Permissions
from infra.settings.interactions import in_order
from infra.settings.model import FieldError, Model, repeated, short_form
from infra.settings.names import LONGEST_LINE, Name, ObjectName
from infra.settings.nearest import nearest
from infra.settings.scalars import UNIQUE, Notation, PlainText, Switch, form

PodSecurityLevel = Literal["restricted", "baseline", "privileged"]
LEVELS: tuple[PodSecurityLevel, ...] = ("restricted", "baseline", "privileged")
"""The Pod Security Standards, the strictest first."""
_SEMANTIC_VERSION = r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
"""Of semver.org, with the `v` that some charts have in front."""


def _check_version(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(_SEMANTIC_VERSION, value):
        return value
    raise ValueError("is not one version; write all of its numbers, such as 1.19.1, and no range")


def _check_repository(value: str) -> str:
    if not re.fullmatch(r"(https|oci)://[a-z0-9.-]+(:\d+)?(/[\w./~-]*)?", value):
        raise ValueError(
            "is not the address of charts; write https://... of a Helm repository or oci://... of a registry, without "
            "a user or password"
        )
    return value.rstrip("/")


def _check_path(value: str) -> str:
    if (
        not re.fullmatch(r"[\w@.+-]+(/[\w@.+-]+)*", value.removeprefix("./").rstrip("/"))
        or ".." in value.split("/")
        or len(value) > LONGEST_LINE
    ):
        raise ValueError(
            "is not a path in the project; write one below the folder with Pulumi.yaml, such as charts/mine"
        )
    return posixpath.normpath(value)


def _check_values(value: object) -> object:
    if isinstance(value, Mapping):
        return cast(object, value)
    raise ValueError("is not a map of values; write what the chart's values.yaml has, below its keys")


_check_chart = form(
    r"(\./)?[A-Za-z0-9][\w.-]*(/[\w.-]+)*", "is not the name of a chart, or the path of its folder in the project"
)
Values = Annotated[dict[str, Any], BeforeValidator(_check_values), Notation("map of the chart's values")]
ProjectPath = Annotated[str, AfterValidator(_check_path), Notation("path in the project")]


class ChartSettings(Model):
    """A Helm chart. It is rendered here, and each of its objects is one of the stack: planned, judged and compared.

    Hooks of an installation are objects that come before or after the others; all others are told and left out.
    """

    repository: Annotated[str, AfterValidator(_check_repository), Notation("address")] | None = None
    """Where the chart is: `https://...` of a Helm repository or `oci://...` of a registry; left out for a folder of the
    project."""
    chart: Annotated[str, BeforeValidator(_check_chart), Notation("chart")] | None = None
    """Name of the chart in the repository, by default its key here; without a repository the path of its folder in the
    project."""
    version: Annotated[str, BeforeValidator(_check_version), Notation("version")] | None = None
    """Which version, exactly; required with a repository, and the folder's own without one."""
    namespace: NamespaceName | None = None
    """Where its objects are, by default a namespace of its key's name. It is made, unless it begins with `kube-`."""
    pod_security: PodSecurityLevel = "baseline"
    """The Pod Security Standard that its namespace enforces; the weakest where charts share one."""
    values: Values = {}
    """What differs from the chart's own values."""
    values_file: ProjectPath | None = None
    """A YAML file in the project with values, such as one below `stacks/`; `values` goes before it."""
    api_versions: Annotated[tuple[PlainText, ...], UNIQUE] = ()
    """Kinds that the chart may count on, such as `monitoring.coreos.com/v1`, besides Kubernetes' own: nobody asks the
    cluster, so that a plan without one is the same."""
    permissions: Permissions = ()
    """What the pods of its service account may do on AWS; nothing on other platforms."""
    service_account: ObjectName | None = None
    """The service account that `permissions` are for; needed where the chart makes several."""
    needs_nodes: Switch = True
    """Whether its pods wait until nodes, DNS and storage are there; `false` for what nodes need to become ready."""
    wait: Switch = True
    """Whether the update waits until its pods are ready, and what needs the chart until then."""
    depends_on: Annotated[tuple[Name, ...], UNIQUE] = ()
    """Charts that must be there first."""
    before_apps: Switch = False
    """Whether the apps wait for it: for what changes or checks pods as they are made, such as a mesh."""
    keep: Switch = True
    """Whether its definitions (CRDs), its claims and its namespace, and so all data, stay when it leaves the stack."""
    not_secret: Annotated[tuple[PlainText, ...], UNIQUE] = ()
    """What below it only looks like a secret, such as `values.auth.existingSecret`."""

    def _errors(self) -> Iterator[FieldError]:
        if self.repository is None:
            if self.chart is None:
                yield FieldError(
                    "repository", "is missing; name a Helm repository, or a folder of the project as 'chart'"
                )
            elif self.version is not None:
                yield FieldError("version", "goes with repository; a folder has the version in its Chart.yaml")
        elif self.version is None:
            yield FieldError("version", "is missing; write the exact version to install, such as 1.19.1")
        if self.service_account is not None and not self.permissions:
            yield FieldError("serviceAccount", "goes with permissions, which are for its pods; remove it")
        if self.repository is not None and self.chart is not None and "/" in self.chart:
            yield FieldError("chart", f"{self.chart} is a path; write what is before the chart's name as 'repository'")

    def place(self, name: str) -> str:
        """Return the namespace of a chart whose key is `name`."""
        return self.namespace or name


class ManifestSettings(Model):
    """Objects as files: every `*.yaml`, `*.yml` and `*.json` of a folder and below it, in the order of their names.

    Definitions (CRDs) and namespaces come first, custom resources after their definitions, and all after the charts.
    """

    folder: ProjectPath
    """The folder in the project, or a single file."""
    before_apps: Switch = False
    """Whether the apps wait for it."""
    keep: Switch = True
    """Whether its definitions (CRDs), claims and namespaces stay when it leaves the stack file."""


Manifests = Annotated[
    ManifestSettings,
    short_form(
        str, "folder", "is neither a folder nor a section with one; write manifests/mine or folder: manifests/mine"
    ),
]


def one_chart_errors(
    name: str, chart: ChartSettings, *, charts: Collection[str], apps_namespace: str
) -> Iterator[FieldError]:
    """Find the rules that a chart breaks with the rest of a stack file; locations are below the root."""
    if chart.place(name) == apps_namespace:
        message = f"{apps_namespace} is the apps' own, whose quota and rules are made for them; choose another"
        yield FieldError(("charts", name, "namespace"), message)
    if chart.place(name) == "default":
        yield FieldError(("charts", name, "namespace"), "default belongs to the cluster; choose another")
    for index, other in enumerate(chart.depends_on):
        if other not in charts:
            yield FieldError(("charts", name, "dependsOn", index), _no_chart(other, charts))


def manifest_errors(manifests: tuple[ManifestSettings, ...]) -> Iterator[FieldError]:
    """Find folders that are listed twice; locations are below the root."""
    for index in repeated([one.folder for one in manifests]):
        yield FieldError(("manifests", index), f"{manifests[index].folder} is listed twice; remove one")


def circle_errors(charts: Mapping[str, ChartSettings]) -> Iterator[FieldError]:
    """Find charts that wait for each other; locations are below the root."""
    try:
        in_order({name: chart.depends_on for name, chart in charts.items()})
    except CycleError as error:
        # The sorter lists a circle against its direction.
        circle = list(reversed(error.args[1]))
        message = f"{' -> '.join(circle)} wait for each other, so that none would start; remove one of them"
        yield FieldError(("charts", circle[0], "dependsOn"), message)


def _no_chart(name: str, charts: Collection[str]) -> str:
    near = nearest(name, list(charts))
    return f"there is no chart {name}; did you mean '{near}'?" if near else f"there is no chart {name} in this stack"
