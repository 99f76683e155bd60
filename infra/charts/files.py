"""What a stack file names in the project: files with a chart's values, and folders with objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from infra.charts.objects import KubernetesObject, listed
from infra.settings.charts import ChartSettings, ManifestSettings
from infra.settings.model import path_text
from infra.settings.problems import SettingsError
from infra.settings.secret_places import in_values
from infra.settings.yaml_file import read_yaml, yaml_errors
from infra.values import mapping, text

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST_FILE_BYTES = 16 * 2**20
"""The definitions of the largest operators have 4 MiB together."""
LARGEST_OBJECT_BYTES = 1536 * 2**10
"""What etcd takes in one request by default (etcd, `--max-request-bytes`)."""


class FileError(Exception):
    """A file cannot be used; the text says which and why."""


class _Loader(yaml.SafeLoader):
    """YAML as kubectl reads it: a day is a text."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(cast(Any, node)))


def values_of(settings: ChartSettings, project: Path) -> dict[str, Any]:
    """Return the values of a chart: those of its file, and over them those of the stack file, as Helm lays them.

    Raises:
        FileError: the file cannot be read, or holds what looks like a secret.
    """
    if settings.values_file is None:
        return settings.values
    file = project / settings.values_file
    if not file.exists():
        raise FileError(f"{settings.values_file} does not exist below {project}, the folder with Pulumi.yaml")
    try:
        content = read_yaml(file)
    except SettingsError as error:
        raise FileError("; ".join(str(one) for one in error.problems)) from None
    for place, value in _scalars(content):
        key = f"values.{path_text(place)}"
        if key not in settings.not_secret and in_values(str(place[-1]), value):
            raise FileError(
                f"{settings.values_file}: {path_text(place)} looks like a secret; keep it in a store, and name a "
                f"Secret of the cluster there, or list {key} in notSecret if it is none"
            )
    return merged(content, settings.values)


def merged(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay values over others: maps merge key by key, anything else replaces what was there."""
    both = {
        key: merged(mapping(below[key]), mapping(over[key]))
        for key in below.keys() & over.keys()
        if isinstance(below[key], Mapping) and isinstance(over[key], Mapping)
    }
    return {**below, **over, **both}


def objects_in(settings: ManifestSettings, project: Path) -> list[KubernetesObject]:
    """Return the objects of a folder, or of one file, in the order of the names of their files.

    Raises:
        FileError: there is no file, or one holds no objects, or a Secret in plain text.
    """
    place = project / settings.folder
    if not place.exists():
        raise FileError(f"{settings.folder} does not exist; name a folder or a file of the project")
    files = [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.suffix in SUFFIXES)
    if not files:
        raise FileError(f"{settings.folder} has no file that ends in {', '.join(SUFFIXES)}")
    return [one for file in files for one in _objects(file, file.relative_to(project))]


def _objects(file: Path, shown: Path) -> list[KubernetesObject]:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise FileError(f"{shown} is larger than {LARGEST_FILE_BYTES // 2**20} MiB; split it")
        content = file.read_text(encoding="utf-8")
        with yaml_errors(str(shown)):
            documents = [one for one in yaml.load_all(content, _Loader) if one is not None]
    except SettingsError as error:
        raise FileError("; ".join(str(one) for one in error.problems)) from None
    except (OSError, ValueError) as error:
        raise FileError(f"{shown} cannot be read: {' '.join(str(error).split())}") from None
    for document in documents:
        if not all(text(document, key) for key in ("apiVersion", "kind")):
            raise FileError(f"{shown} has a document without apiVersion and kind, so it is no object of Kubernetes")
    objects = listed(documents)
    for one in objects:
        if not one.name:
            raise FileError(f"{shown} has an object of kind {one.kind} without a name")
        if len(str(one.body)) > LARGEST_OBJECT_BYTES:
            raise FileError(f"{shown}: {one.label} is larger than the 1.5 MiB that a cluster keeps; split it")
        if one.kind == "Secret" and one.group == "core" and (one.body.get("data") or one.body.get("stringData")):
            raise FileError(
                f"{shown} has the values of {one.label} in plain text; keep them in a store, and let External Secrets "
                "or the like make the Secret"
            )
    return objects


def _scalars(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _scalars(item, (*place, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _scalars(item, (*place, index))
    elif isinstance(value, str) and place:
        yield place, value
