"""Everything of charts and manifests that can be known, and refused, before anything of the stack is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from infra.charts.files import FileError, objects_in, values_of
from infra.charts.hooks import hooked, points_text
from infra.charts.objects import KubernetesObject, Scopes, placed, scopes
from infra.charts.rendering import TEMPLATE, Rendered, render, rendering_provider, template_options
from infra.settings.build import PROJECT
from infra.settings.charts import ChartSettings, ManifestSettings
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.model import FieldError, Location, path_text
from infra.settings.problems import Problem, SettingsError, key_text
from infra.settings.stack import StackSettings
from infra.versions import KUBERNETES_MINOR

_WAY = re.compile(
    rf"^(invoke of {TEMPLATE} failed: )?(invocation of {TEMPLATE} returned an error: )?"
    "(failed to generate YAML for specified Helm chart: )?"
)
"""What the SDK, the engine and the provider say before a reason."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What charts and manifests bring, by the name of the chart and in the order of the manifests."""

    charts: Mapping[str, Rendered]
    manifests: Sequence[Sequence[KubernetesObject]]
    known: Scopes
    """The scopes of all kinds that they define."""
    accounts: Mapping[str, str]
    """The service account of each chart with permissions."""


def prepare(settings: StackSettings, project: Path) -> Prepared:
    """Render the charts, and read the files; `project` is the folder with Pulumi.yaml.

    Raises:
        SettingsError: with one line per file or chart that cannot be used.
    """
    problems: list[FieldError] = []
    values = {name: _values(name, chart, project, problems) for name, chart in settings.charts.items()}
    manifests = [_manifests(index, one, project, problems) for index, one in enumerate(settings.manifests)]
    _refuse(problems)
    provider = rendering_provider() if settings.charts else None
    rendered: dict[str, Rendered] = {}
    for name, chart in settings.charts.items():
        options = template_options(
            name, chart, values=values[name], project=project, kubernetes_version=f"{_minor(settings)}.0"
        )
        rendered[name] = _rendered(name, options, provider, problems)
    accounts = {
        name: _account(name, chart, rendered[name].objects, problems)
        for name, chart in settings.charts.items()
        if chart.permissions
    }
    _refuse(problems)
    owners: dict[Location, Sequence[KubernetesObject]] = {
        **{("charts", name): made.objects for name, made in rendered.items()},
        **{("manifests", index): objects for index, objects in enumerate(manifests)},
    }
    known = scopes(one for objects in owners.values() for one in objects)
    _refuse(list(_conflicts(owners, settings, known)))
    return Prepared(charts=rendered, manifests=manifests, known=known, accounts=accounts)


def _minor(settings: StackSettings) -> str:
    return settings.cluster.version if isinstance(settings.platform, EksPlatformSettings) else KUBERNETES_MINOR


def _values(name: str, chart: ChartSettings, project: Path, problems: list[FieldError]) -> Mapping[str, object]:
    try:
        if chart.repository is None and not (project / (chart.chart or "") / "Chart.yaml").is_file():
            problems.append(FieldError(("charts", name, "chart"), f"{chart.chart} has no Chart.yaml; name its folder"))
        return values_of(chart, project)
    except FileError as error:
        problems.append(FieldError(("charts", name, "valuesFile"), str(error)))
        return {}


def _manifests(
    index: int, settings: ManifestSettings, project: Path, problems: list[FieldError]
) -> Sequence[KubernetesObject]:
    try:
        return objects_in(settings, project)
    except FileError as error:
        problems.append(FieldError(("manifests", index), str(error)))
        return []


def _rendered(
    name: str, options: Mapping[str, object], provider: k8s.Provider | None, problems: list[FieldError]
) -> Rendered:
    try:
        found = render(options, provider) if provider else Rendered(objects=[])
    except Exception as error:  # Helm's own reasons come as bare exceptions of the SDK
        problems.append(FieldError(("charts", name), _reason(error)))
        return Rendered(objects=[])
    if isinstance(found, str):
        pulumi.log.warn(f"nightowl:charts.{name}: its objects are not judged here, as {found}")
        return Rendered(objects=[])
    if not found.objects:
        problems.append(FieldError(("charts", name, "values"), "the chart makes nothing with these values"))
    left_out = [f"{one.label} ({points_text(one)})" for one in hooked(found.objects).left_out]
    if left_out:
        pulumi.log.warn(f"nightowl:charts.{name}: hooks that nothing runs here: {', '.join(left_out)}")
    return found


def _account(name: str, chart: ChartSettings, objects: Sequence[KubernetesObject], problems: list[FieldError]) -> str:
    """Return the service account that the permissions of a chart are for; a plan without objects takes its name."""
    made = sorted({one.name for one in objects if one.kind == "ServiceAccount" and one.group == "core"})
    wanted = chart.service_account
    if objects and wanted is not None and wanted not in made:
        message = f"{wanted} is none that the chart makes; it makes {', '.join(made) or 'none'}"
        problems.append(FieldError(("charts", name, "serviceAccount"), message))
    if objects and wanted is None and len(made) != 1:
        message = f"is missing: whose pods are the permissions for? The chart makes {', '.join(made) or 'none'}"
        problems.append(FieldError(("charts", name, "serviceAccount"), message))
    return wanted or next(iter(made), name)


def _reason(error: Exception) -> str:
    """Return Helm's reason without the names of the functions that it went through."""
    return _WAY.sub("", " ".join(str(error).split()))


def _conflicts(
    owners: Mapping[Location, Sequence[KubernetesObject]], settings: StackSettings, known: Scopes
) -> Iterator[FieldError]:
    """Find objects that stand twice: the second would undo the first."""
    seen: dict[tuple[str, str, str, str], Location] = {}
    for place, objects in owners.items():
        section, name = place
        namespace = settings.charts[str(name)].place(str(name)) if section == "charts" else settings.namespace.name
        for one in (placed(one, namespace, known) for one in objects):
            identity = (one.group, one.kind, one.namespace, one.name)
            first = seen.get(identity)
            seen.setdefault(identity, place)
            if first == place:
                yield FieldError(place, f"has {one.label} twice; leave one of them out")
            elif first is not None:
                yield FieldError(place, f"has {one.label}, as {path_text(first)} has; leave it out of one of them")


def _refuse(problems: Sequence[FieldError]) -> None:
    if problems:
        raise SettingsError(Problem(key_text(PROJECT, one.location), one.message) for one in problems)
