"""Reads manifests: files and folders, several documents in a file, and lists of objects."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from infra.errors import UsageError
from infra.importing.kubernetes.parts import Object, Part
from infra.importing.source import Source
from infra.importing.text_input import STANDARD_INPUT, called, read_text
from infra.settings.partly import Location
from infra.settings.problems import Problem, SettingsError
from infra.settings.yaml_file import LARGEST_FILE_BYTES, Document, parse_document
from infra.values import sequence, within

SUFFIXES = (".json", ".yaml", ".yml")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SEPARATOR = re.compile(r"(?:---(?=[ \t\r]|$)|\.\.\.[ \t\r]*$)")
_NO_OBJECT = "is no object of Kubernetes; import files whose documents have apiVersion and kind, and no others"
_OCTAL = re.compile(r"(?m)^([ \t]*(?:- )?\"?(?:defaultMode|mode)\"?:[ \t]*)0o?([0-7]{3,4})(?=[ \t\r]*(?:#.*)?$)")
"""The mode of a file as people write it; YAML reads 0644 as 420, which is meant."""


@dataclass(frozen=True, kw_only=True)
class _Document:
    values: Mapping[str, object]
    lines: Mapping[Location, int]
    first_line: int
    file: Path

    def line(self, place: Location) -> int:
        """Return the line of a value, or of the nearest one above it that has one."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.first_line + self.lines[place[:length]]
        return self.first_line + min(self.lines.values(), default=1)


def read_objects(paths: Sequence[Path]) -> tuple[Source, list[Object]]:
    """Read all objects of files and folders, those of a folder in the order of their names.

    Raises:
        SettingsError: a file cannot be read, or holds something else than objects of Kubernetes.
        UsageError: there is nothing to import, or something must be run first that makes manifests.
    """
    documents = [one for file in _files(paths) for one in _documents(file)]
    values: dict[str, dict[str, object]] = {}
    origins: dict[tuple[str, str], tuple[_Document, Location]] = {}
    objects: list[Object] = []
    for document in documents:
        for place, body in _listed((), document.values):
            kind, name = _checked(document, place, body)
            of_kind = values.setdefault(kind, {})
            key = _free(name, of_kind)
            of_kind[key] = body
            origins[kind, key] = (document, place)
            objects.append(Object(kind=kind, name=name, part=Part(body, (kind, key)), file=document.file))
    if not objects:
        raise UsageError(f"{', '.join(map(called, paths))}: no object of Kubernetes is there to import")

    def place_of(location: Location) -> str:
        document, above = origins[str(location[0]), str(location[1])]
        return f"{called(document.file)}:{document.line((*above, *location[2:]))}"

    return Source(values=values, place=place_of), objects


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path == STANDARD_INPUT:
            found[path] = None
            continue
        if not path.exists():
            raise _refused(path, "there is no such file or folder")
        if not path.is_dir():
            found[path] = None
            continue
        if (path / "Chart.yaml").is_file():
            raise UsageError(f"{path} is a chart; run `helm template NAME {path} > manifests.yaml`, and import that")
        here = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES and not one.is_dir())
        if not here:
            raise UsageError(f"{path}: no file there ends in {', '.join(SUFFIXES)}; name the folder that has them")
        found.update(dict.fromkeys(here))
    _check_kustomizations(list(found))
    return [file for file in found if file.name not in KUSTOMIZATIONS]


def _check_kustomizations(files: Sequence[Path]) -> None:
    """Refuse what Kustomize would change; one that only lists files which are imported anyway changes nothing."""
    names = {file.resolve() for file in files}
    for file in (one for one in files if one.name in KUSTOMIZATIONS):
        content = parse_document(_text_of(file), called(file)).values
        listed = [str(one) for one in cast("list[object]", content.get("resources") or [])]
        changes = sorted(content.keys() - {"apiVersion", "kind", "resources"})
        elsewhere = [one for one in listed if (file.parent / one).resolve() not in names]
        if changes or elsewhere:
            command = f"kubectl kustomize {file.parent} > manifests.yaml"
            why = f"has {', '.join(changes)}" if changes else f"names {elsewhere[0]}"
            raise UsageError(f"{file} {why}, which Kustomize builds; run `{command}`, and import that file")


def _documents(file: Path) -> Iterator[_Document]:
    text = _text_of(file)
    if file.suffix == ".json" or text.startswith("{"):
        text = re.sub(r"(?m)^\t+", lambda match: "  " * len(match[0]), text)
    for first_line, content in _split(text):
        try:
            document = _parsed(content, file)
        except SettingsError as error:
            _refuse_templates(file, content, first_line)
            raise _at_line(file, content, first_line, error) from None
        plain = cast("dict[str, object]", _plain(document.values))
        if plain:
            yield _Document(values=plain, lines=document.lines, first_line=first_line, file=file)


def _parsed(content: str, file: Path) -> Document:
    try:
        return parse_document(content, called(file))
    except SettingsError:
        return parse_document(_OCTAL.sub(lambda match: f"{match[1]}{int(match[2], 8)}", content), called(file))


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Split a file into its documents, each with the number of lines before it."""
    start, lines = 0, text.split("\n")
    for index, line in enumerate(lines):
        if _SEPARATOR.match(line):
            yield start, "\n".join(lines[start:index])
            lines[index] = re.sub(r"^(---|\.\.\.)", "", line)
            start = index
    yield start, "\n".join(lines[start:])


def _at_line(file: Path, content: str, first_line: int, error: SettingsError) -> SettingsError:
    """Return a mistake with the line of the file, where the document is not the first, or is a list or a text."""
    if any(problem.message.startswith("is not a mapping") for problem in error.problems):
        line = first_line + content[: len(content) - len(content.lstrip())].count("\n") + 1
        return SettingsError([Problem(f"{called(file)}:{line}", _NO_OBJECT)])
    try:
        parse_document("\n" * first_line + content, called(file))
    except SettingsError as with_lines:
        return with_lines
    return error


def _refuse_templates(file: Path, content: str, first_line: int) -> None:
    for index, line in enumerate(content.split("\n"), first_line + 1):
        if "{{" in line:
            raise UsageError(
                f"{called(file)}:{index}: is a template; run `helm template NAME CHART > manifests.yaml`, and "
                "import that file"
            )


def _listed(place: Location, body: Any) -> Iterator[tuple[Location, Any]]:
    """List the objects in a list of them, such as kubectl prints."""
    if str(within(body, "kind")).endswith("List") and "items" in body:
        for index, item in enumerate(sequence(body["items"])):
            yield from _listed((*place, "items", index), item)
    else:
        yield place, body


def _checked(document: _Document, place: Location, body: Any) -> tuple[str, str]:
    part = Part(body, place)
    where = f"{called(document.file)}:{document.line(place)}"
    kind, name = part["kind"].text, part.at("metadata", "name").text or part.at("metadata", "generateName").text
    if not kind or not part["apiVersion"].text:
        raise SettingsError([Problem("apiVersion" if kind else "kind", _NO_OBJECT, where)])
    if not name:
        raise SettingsError([Problem("metadata.name", f"is missing; {kind} needs a name", where)])
    if "{{" in f"{kind}{name}":
        raise UsageError(
            f"{where}: is a template; run `helm template NAME CHART > manifests.yaml`, and import that file"
        )
    return kind, name.rstrip("-")


def _free(name: str, taken: Mapping[str, object]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _plain(value: Any) -> Any:
    """Return values as JSON has them: a date without quotes is the text that it was."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _text_of(file: Path) -> str:
    remedy = "write it into several files, and import their folder" if file == STANDARD_INPUT else "split it"
    return read_text(file, most_bytes=LARGEST_FILE_BYTES, remedy=remedy)


def _refused(file: Path, message: str) -> SettingsError:
    return SettingsError([Problem(called(file), message)])
