"""What changes between the inputs of the last update and those of this one, path by path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from pulumi.runtime.proto import provider_pb2

from infra.local.standin import objects
from infra.local.standin.immutable import Pattern
from infra.local.standin.objects import Manifest

Path: TypeAlias = tuple[str | int, ...]
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

ADD = provider_pb2.PropertyDiff.ADD
DELETE = provider_pb2.PropertyDiff.DELETE
UPDATE = provider_pb2.PropertyDiff.UPDATE
REPLACING = {
    ADD: provider_pb2.PropertyDiff.ADD_REPLACE,
    DELETE: provider_pb2.PropertyDiff.DELETE_REPLACE,
    UPDATE: provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class _Missing:
    """The absence of a value, which is not the same as null."""


MISSING = _Missing()


@dataclass(frozen=True, kw_only=True)
class Change:
    """One changed place: the value before and after, where MISSING stands for none."""

    path: Path
    old: Any
    new: Any

    @property
    def kind(self) -> provider_pb2.PropertyDiff.Kind.ValueType:
        """Whether the value was added, deleted or updated."""
        if isinstance(self.old, _Missing):
            return ADD
        return DELETE if isinstance(self.new, _Missing) else UPDATE

    def replaces(self, patterns: Iterable[Pattern]) -> bool:
        """Whether the change touches a field that cannot change in place."""
        names = tuple(step for step in self.path if isinstance(step, str))
        return any(self._touches(names, pattern) for pattern in patterns)

    def _touches(self, names: tuple[str, ...], pattern: Pattern) -> bool:
        if names[: len(pattern)] == pattern:
            return True
        inner = pattern[len(names) :]
        return pattern[: len(names)] == names and (_contains(self.old, inner) or _contains(self.new, inner))


def changes(old: Any, new: Any, path: Path = ()) -> Iterator[Change]:
    """The innermost places where `old` and `new` differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _changed_fields(cast(Manifest, old), cast(Manifest, new), path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _changed_items(cast(list[Any], old), cast(list[Any], new), path)
    elif not _same_scalar(old, new):
        yield Change(path=path, old=old, new=new)


def _changed_fields(old: Manifest, new: Manifest, path: Path) -> Iterator[Change]:
    for key in [*old, *(key for key in new if key not in old)]:
        yield from changes(old.get(key, MISSING), new.get(key, MISSING), (*path, key))


def _changed_items(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
    for index in range(max(len(old), len(new))):
        yield from changes(_at(old, index), _at(new, index), (*path, index))


def response(
    old: Manifest, new: Manifest, *, namespaced: bool, forced_new: Iterable[Pattern], ignored: Sequence[str] = ()
) -> provider_pb2.DiffResponse:
    """The answer to the engine: changed paths, which of them replace the object, and in which order.

    An object whose name the program gives, and keeps, must be deleted before its successor is made.
    """
    before, after = _comparable(old, namespaced=namespaced), _comparable(new, namespaced=namespaced)
    patterns = tuple(forced_new)
    found = {property_path(change.path): change for change in changes(before, after)}
    kept = {path: change for path, change in found.items() if not _is_ignored(path, ignored)}
    other_kind = _group_and_kind(before) != _group_and_kind(after)
    replaces = [path for path, change in kept.items() if other_kind or change.replaces(patterns)]
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if kept else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=list(dict.fromkeys(str(change.path[0]) for change in kept.values())),
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and _keeps_given_name(before, after),
        detailedDiff={
            path: provider_pb2.PropertyDiff(
                kind=REPLACING[change.kind] if path in replaces else change.kind, inputDiff=True
            )
            for path, change in kept.items()
        },
        hasDetailedDiff=True,
    )


def property_path(path: Path) -> str:
    """`path` as Pulumi writes it: `spec.ports[0].name`, `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def _comparable(manifest: Manifest, *, namespaced: bool) -> Manifest:
    """No namespace is the default namespace, and none at all for a cluster-wide kind."""
    namespace = objects.ref_of(manifest).namespace or objects.DEFAULT_NAMESPACE
    return objects.with_metadata(manifest, namespace=namespace if namespaced else None)


def _keeps_given_name(before: Manifest, after: Manifest) -> bool:
    given = not objects.is_annotated(after, objects.AUTONAMED)
    return given and objects.resource_id(before) == objects.resource_id(after)


def _group_and_kind(manifest: Mapping[str, Any]) -> tuple[str, str]:
    ref = objects.ref_of(manifest)
    return objects.group_of(ref.api_version), ref.kind


def _is_ignored(path: str, ignored: Sequence[str]) -> bool:
    """Whether `path` is one of the program's ignoreChanges paths, or below one; `*` stands for any element."""
    return any(re.match(_ignoring(pattern), path) for pattern in ignored)


def _ignoring(pattern: str) -> str:
    text = re.escape(pattern).replace(r"\[\*\]", r"\[[^]]*\]").replace(r"\.\*", r"(\.[^.\[]+|\[[^]]*\])")
    return rf"{text}(?:[.\[]|$)"


def _contains(value: Any, inner: Pattern) -> bool:
    match value:
        case list():
            return any(_contains(item, inner) for item in cast(list[Any], value))
        case dict() if inner:
            fields = cast(dict[str, Any], value)
            return inner[0] in fields and _contains(fields[inner[0]], inner[1:])
        case _:
            return not inner and not isinstance(value, _Missing)


def _same_scalar(old: Any, new: Any) -> bool:
    """Whether both are equal; true is not 1, which Python takes for the same."""
    return old == new and isinstance(old, bool) is isinstance(new, bool)


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else MISSING
