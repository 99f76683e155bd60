"""A stack file read without Pulumi, for commands and tests; with the base files that it extends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from infra.settings.build import PROJECT, settings_of
from infra.settings.layers import Layer, Layers, key_of, layers_on
from infra.settings.plain import encrypted_places
from infra.settings.problems import Problem, SettingsError, unknown_key
from infra.settings.stack import StackSettings
from infra.settings.yaml_file import Document, read_document, short_name

STACK_FILE_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""Top-level keys of a stack file (ProjectStack in github.com/pulumi/pulumi/sdk/v3/go/common/workspace)."""


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack file: its keys beside `config`, which are Pulumi's, and its configuration on top of its bases."""

    path: Path
    keys: Mapping[str, object]
    layers: Layers

    @property
    def document(self) -> dict[str, object]:
        """What one file would say that extends none."""
        return {**self.keys, "config": self.layers.config}

    def settings(self) -> StackSettings:
        """Build the settings. Raises SettingsError with every problem found, and where each stands."""
        try:
            return settings_of(self.layers.config)
        except SettingsError as error:
            hint = [] if _is_of_a_stack(self.path) else [_no_stack(self.path)]
            raise SettingsError([*hint, *self.layers.located(error).problems]) from None


def settings_from_stack_file(path: Path) -> StackSettings:
    """Build the settings of a `stacks/Pulumi.<stack>.yaml`, with the messages that the program itself would give.

    Raises:
        SettingsError: with every problem found, also where the file cannot be read.
    """
    return read_stack_file(path).settings()


def stack_config(path: Path) -> dict[str, object]:
    """Read the configuration in a stack file and its bases: the values of all namespaces, by key.

    Raises:
        SettingsError: it is no stack file, or a base is none.
    """
    return read_stack_file(path).layers.config


def read_stack_file(path: Path) -> StackFile:
    """Read a stack file and the bases beside it.

    Raises:
        SettingsError: it is no stack file, or a base is none.
    """
    document = read_document(path)
    own = _layer(document, str(path), STACK_FILE_KEYS)
    keys = {key: value for key, value in document.values.items() if key != "config"}
    return StackFile(path=path, keys=keys, layers=layers_on(own, lambda name: read_base(path.parent, name)))


def stack_name(path: Path) -> str:
    """Return the stack whose file `Pulumi.<stack>.yaml` is."""
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _is_of_a_stack(path: Path) -> bool:
    return path.match("Pulumi.*.yaml")


def _no_stack(path: Path) -> Problem:
    """Return what is wrong with a file that is not usable by itself, with the stacks that extend it."""
    stacks = [stack_name(file) for file in sorted(path.parent.glob("Pulumi.*.yaml")) if _extends(file, path)]
    if stacks:
        said = f"is no stack file, but one that {', '.join(stacks)} extend{'s' * (len(stacks) == 1)}"
        return Problem(short_name(path), f"{said}; name a stack, such as -s {stacks[0]}")
    return Problem(
        short_name(path),
        "is no stack file by its name, and no stack extends it; name a stack file, or write "
        f"nightowl:extends: {path.stem} in one beside it",
    )


def _extends(file: Path, base: Path) -> bool:
    try:
        return short_name(base) in {layer.file for layer in read_stack_file(file).layers.all}
    except SettingsError:
        return False


def read_base(folder: Path, name: str) -> Layer | None:
    """Read a base file; None where there is none. Raises SettingsError for what no base can hold."""
    path = folder / f"{name}.yaml"
    return _base(read_document(path), str(path)) if path.exists() else None


def _base(document: Document, path: str) -> Layer:
    layer = _layer(document, path, ("config",))
    found = list(_of_one_stack(layer))
    if found:
        raise SettingsError(found)
    return layer


def _of_one_stack(layer: Layer) -> Iterator[Problem]:
    """Find what several stacks cannot share."""
    for key, value in layer.config.items():
        if ":" in key and not key.startswith(f"{PROJECT}:"):
            message = "is read by Pulumi itself, which knows the stack's own file only; write it there"
            yield Problem(key, message, layer.place((key,)))
            continue
        for place in encrypted_places(value, (key,)):
            message = "is encrypted by the key of one stack, so no other could read it; name where the secret is kept"
            yield Problem(key_of(place), message, layer.place(place))


def _layer(document: Document, path: str, known: tuple[str, ...]) -> Layer:
    file = short_name(path)
    found = [
        Problem(key, _unknown_top_key(key, known), f"{file}:{document.lines[(key,)]}")
        for key in document.values
        if key not in known
    ]
    config = document.values.get("config")
    if config is not None and not isinstance(config, Mapping):
        found.append(
            Problem(
                "config",
                "is not a mapping; write keys such as nightowl:apps below it",
                f"{file}:{document.lines[('config',)]}",
            )
        )
    if found:
        raise SettingsError(found)
    entries = cast(Mapping[object, object], config or {})
    return Layer(
        file=file,
        # Pulumi writes a key without a value anew as an empty text.
        config={str(key): None if value == "" else value for key, value in entries.items()},
        lines={place[1:]: line for place, line in document.lines.items() if place[0] == "config" and place[1:]},
    )


def _unknown_top_key(key: str, known: tuple[str, ...]) -> str:
    if key in STACK_FILE_KEYS:
        return "belongs to one stack; a base file has config alone"
    return unknown_key(key, known)
