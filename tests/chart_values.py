"""Values that the charts of docs/additions.md know, as read in their own sources.

A test reaches no repository of charts, and Helm takes an unknown value without a word. So the versions and the keys
that the page uses are written down here. `python -m tests.chart_values FOLDER` compares them with charts that are
unpacked in FOLDER, each in a folder of its name: by `helm pull --untar`, or from its repository.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from infra.values import mapping, words

ISTIO_DEFAULTS = "_internal_defaults_do_not_set"
"""Where Istio's charts keep their defaults, for Helm's sake."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What was read in a chart."""

    version: str
    source: str
    """Repository on GitHub and tag."""
    values: Sequence[str] = ()
    """Values of its values.yaml."""
    in_templates: Sequence[str] = ()
    """Values that only its templates name."""


CHARTS: Mapping[str, Known] = {
    "external-dns": Known(
        version="1.21.1",
        source="kubernetes-sigs/external-dns external-dns-helm-chart-1.21.1",
        values=words("provider.name policy domainFilters txtOwnerId"),
    ),
    "cert-manager": Known(version="v1.21.1", source="cert-manager/cert-manager v1.21.1", values=["crds.enabled"]),
    "ingress-nginx": Known(
        version="4.15.1",
        source="kubernetes/ingress-nginx helm-chart-4.15.1",
        values=words("controller.replicaCount controller.minAvailable"),
    ),
    "keda": Known(version="2.20.2", source="kedacore/charts v2.20.2"),
    "kube-prometheus-stack": Known(
        version="88.5.3",
        source="prometheus-community/helm-charts kube-prometheus-stack-88.5.3",
        values=words(
            "grafana.enabled kubeControllerManager.enabled kubeScheduler.enabled kubeEtcd.enabled "
            "prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues"
        ),
    ),
    "argo-cd": Known(
        version="10.1.1",
        source="argoproj/argo-helm argo-cd-10.1.1",
        values=words("dex.enabled notifications.enabled"),
    ),
    "datadog": Known(
        version="3.240.0",
        source="DataDog/helm-charts datadog-3.240.0",
        values=words("datadog.site datadog.apiKeyExistingSecret datadog.logs.enabled"),
    ),
    "external-secrets": Known(version="2.9.0", source="external-secrets/external-secrets helm-chart-2.9.0"),
    "velero": Known(
        version="12.1.0",
        source="vmware-tanzu/helm-charts velero-12.1.0",
        values=words(
            "credentials.useSecret initContainers configuration.backupStorageLocation "
            "configuration.volumeSnapshotLocation"
        ),
    ),
    "kyverno": Known(version="3.9.0", source="kyverno/kyverno v1.19.0", values=["admissionController.replicas"]),
    "istio-base": Known(version="1.30.3", source="istio/istio 1.30.3", in_templates=["base.validationFailurePolicy"]),
    "istio-cni": Known(version="1.30.3", source="istio/istio 1.30.3"),
    "istiod": Known(
        version="1.30.3",
        source="istio/istio 1.30.3",
        values=["cni.enabled"],
        in_templates=["base.validationFailurePolicy"],
    ),
}


def value_keys(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Return the keys of values as dotted paths, the innermost ones."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from value_keys(cast("Mapping[str, Any]", value), f"{above}{key}.")
        else:
            yield f"{above}{key}"


def unknown_values(chart: Path, known: Known) -> Iterator[str]:
    """Return which of the values an unpacked chart does not have."""
    document = mapping(yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")))
    defaults = mapping(document.get(ISTIO_DEFAULTS, document))
    for path in known.values:
        *above, last = path.split(".")
        place = defaults
        for key in above:
            place = mapping(place.get(key))
        if last not in place:
            yield path
    templates = "".join(file.read_text(encoding="utf-8") for file in sorted((chart / "templates").rglob("*.yaml")))
    yield from (path for path in known.in_templates if f".Values.{path}" not in templates)


def main(folder: Path) -> int:
    """Compare the charts of a folder, and say what they lack; return the exit status."""
    found = [name for name in CHARTS if (folder / name / "values.yaml").is_file()]
    lacking = {name: list(unknown_values(folder / name, CHARTS[name])) for name in found}
    for name, values in lacking.items():
        print(f"{name} {CHARTS[name].version}: " + (f"does not know {', '.join(values)}" if values else "as written"))
    return 0 if found and not any(lacking.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
