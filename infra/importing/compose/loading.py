"""Compose files with those that they include, and services with those that they extend.

As in compose-go, each file takes these steps before it merges with those before it: variables, `include`, `extends`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.importing.compose.dotenv import Variable, parse_dotenv
from infra.importing.compose.interpolation import Interpolator, interpolated
from infra.importing.compose.merging import merged, settled, unique
from infra.importing.compose.nodes import Node, parse_compose, size_of
from infra.importing.compose.paths import moved
from infra.importing.compose.reach import OutOfReachError, Reach
from infra.settings.plain import MOST_VALUES
from infra.settings.problems import Problem, SettingsError
from infra.settings.yaml_file import read_text

MOST_FILES = 250
"""Compose files that one project reads, each as often as it is named; collections of services have over a hundred."""
LONGEST_CHAIN = 50
"""Services that extend one another, and files that include one another."""
_SECTIONS = ("services", "jobs", "volumes", "networks", "secrets", "configs", "models")
"""What a file gives to the one that includes it."""
Variables = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Context:
    """Where relative paths start, which variables there are, and which files lead here."""

    base: Path
    variables: Variables
    chain: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Services:
    """The services of one file, among which a name without a file is looked up."""

    node: Node
    file: Path
    context: _Context
    section: str = "services"
    done: dict[str, Node] = field(default_factory=dict[str, Node])
    """Those that have what they extend."""


@dataclass
class Loader:
    """Loads the files of one project, and notes what is wrong and which variables are missing."""

    reach: Reach
    problems: list[Problem] = field(default_factory=list[Problem])
    unset: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])
    _files: int = 0
    _values: int = 0
    _documents: dict[Path, list[tuple[Variables, list[Node]]]] = field(default_factory=dict[Path, Any])
    """What has been read, by file, for each set of variables."""

    def project(self, files: Sequence[Path], variables: Variables) -> Node:
        """Return the document that some files make together.

        Raises:
            SettingsError: with all that is wrong.
        """
        document = self._together(files, _Context(base=self.reach.folder, variables=variables))
        if self.problems:
            raise SettingsError(self.problems)
        return settled(document)

    def _together(self, files: Sequence[Path], context: _Context) -> Node:
        document = Node(value={}, place=self.reach.label(files[0]))
        for file in files:
            within = _Context(base=context.base, variables=context.variables, chain=(*context.chain, file.resolve()))
            for part in self._read(file, context.variables):
                whole = self._extended(self._with_included(part, within), file, within)
                document = unique(merged(document, whole))
        return document

    def _read(self, file: Path, variables: Variables) -> list[Node]:
        self._files += 1
        if self._files > MOST_FILES:
            message = f"the files include and extend more than {MOST_FILES} others; name fewer files"
            raise SettingsError([Problem("include", message)])
        known = self._documents.setdefault(file.resolve(), [])
        for used, document in known:
            if used is variables:
                return document
        name = self.reach.label(file)
        interpolator = Interpolator(variables.get)
        parts = parse_compose(read_text(file, name), name)
        document = [interpolated(part, interpolator, self.problems, self.unset) for part in parts]
        known.append((variables, document))
        return document

    def _with_included(self, part: Node, context: _Context) -> Node:
        include = part.mapping.get("include")
        if include is None:
            return part
        together = {key: value for key, value in part.mapping.items() if key != "include"}
        for index, entry in enumerate(include.items):
            included = self._included(entry, index, context)
            for section in _SECTIONS:
                if included is not None and section in included.mapping:
                    given = included.mapping[section]
                    # What the file itself says wins over what it includes, and an earlier include over a later one.
                    own = together.get(section, given.having({}))
                    together[section] = merged(given, own, (section,))
        return part.having(together)

    def _included(self, entry: Node, index: int, context: _Context) -> Node | None:
        paths = _texts(entry if isinstance(entry.value, str) else entry.mapping.get("path"))
        at = f"include[{index}]"
        if not paths:
            self._problem(at, "names no file; write path", entry)
            return None
        try:
            files = [self._file(path, context.base) for path in paths]
            folder = _texts(entry.mapping.get("project_directory"))
            base = self.reach.path(folder[0], context.base) if folder else files[0].parent
            given = _texts(entry.mapping.get("env_file"))
            env_files = [self._file(path, context.base) for path in given if path != "/dev/null"]
        except OutOfReachError as error:
            self._problem(at, str(error), entry)
            return None
        if files[0].resolve() in context.chain:
            self._problem(at, f"{paths[0]} includes itself; remove one of the includes", entry)
            return None
        if len(context.chain) > LONGEST_CHAIN:
            message = f"more than {LONGEST_CHAIN} files include one another; let one include them all"
            raise SettingsError([Problem(at, message, entry.place)])
        if not given and (base / ".env").is_file():
            env_files = [base / ".env"]
        variables = with_files(context.variables, env_files, self.reach) if env_files else context.variables
        within = _Context(base=base, variables=variables, chain=context.chain)
        return moved(settled(self._together(files, within)), base, context.base)

    def _extended(self, part: Node, file: Path, context: _Context) -> Node:
        together = dict(part.mapping)
        for section in ("services", "jobs"):
            if section in together:
                inside = _Services(node=together[section], file=file.resolve(), context=context, section=section)
                extended = {name: self._service(name, inside, ()) for name in inside.node.mapping}
                together[section] = inside.node.having(extended)
        return part.having(together)

    def _service(self, name: str, inside: _Services, chain: tuple[tuple[Path, str], ...]) -> Node:
        """Return a service with what it extends; `chain` names those that extend it."""
        service = inside.node.mapping[name]
        extends = service.mapping.get("extends")
        if extends is None or name in inside.done:
            return inside.done.get(name, service)
        without = service.having({key: value for key, value in service.mapping.items() if key != "extends"})
        at = f"{inside.section}.{name}.extends"
        if (inside.file, name) in chain:
            self._problem(at, "extends itself, by the services that it extends; remove one of them", extends)
            return without
        if len(chain) >= LONGEST_CHAIN:
            message = f"more than {LONGEST_CHAIN} services extend one another; let them extend one that has it all"
            raise SettingsError([Problem(at, message, extends.place)])
        base = self._base(extends, at, inside, (*chain, (inside.file, name)))
        if base is None:
            return without
        self._count(size_of(base), at, extends)
        inside.done[name] = merged(settled(base), without, (inside.section, name))
        return inside.done[name]

    def _base(self, extends: Node, at: str, inside: _Services, chain: tuple[tuple[Path, str], ...]) -> Node | None:
        """Return the service that another one extends, with its own paths; None, with a problem, where it has none."""
        of = extends.text or "".join(_texts(extends.mapping.get("service")))
        files = _texts(extends.mapping.get("file"))
        if not files:
            if of in inside.node.mapping:
                return self._service(of, inside, chain)
            self._problem(at, f"there is no service {of or 'without a name'} in this file", extends)
            return None
        try:
            path = self._file(files[0], inside.context.base)
        except OutOfReachError as error:
            self._problem(at, str(error), extends)
            return None
        theirs = self._services_of(path, inside.context, inside.section)
        if of not in theirs.node.mapping:
            self._problem(at, f"there is no service {of or 'without a name'} in {files[0]}", extends)
            return None
        service = self._service(of, theirs, chain)
        section = Node(value={"services": theirs.node.having({of: service})}, place=service.place)
        return moved(section, path.parent, inside.context.base).mapping["services"].mapping[of]

    def _services_of(self, path: Path, context: _Context, section: str) -> _Services:
        """Read the services, or the jobs, of another file; what that file includes is not among them."""
        document = Node(value={}, place="")
        for part in self._read(path, context.variables):
            document = unique(merged(document, part))
        node = document.mapping.get(section, document.having({}))
        there = _Context(base=path.parent, variables=context.variables)
        return _Services(node=node, file=path.resolve(), context=there, section=section)

    def _file(self, text: str, base: Path) -> Path:
        """Return the path of a file that another one names. Raises OutOfReachError where there is none."""
        path = self.reach.path(text, base)
        if not path.exists():
            raise OutOfReachError(f"there is no file {text}; write its path from {base.resolve().name}/")
        return path

    def _count(self, values: int, at: str, node: Node) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            message = f"the project has more than {MOST_VALUES:,} values once this is written out; split the stack"
            raise SettingsError([Problem(at, message, node.place)])

    def _problem(self, key: str, message: str, node: Node) -> None:
        self.problems.append(Problem(key, message, node.place))


def with_files(variables: Variables, files: Sequence[Path], reach: Reach) -> Variables:
    """Return variables, and below them those of files, of which a later one wins.

    Raises:
        SettingsError: a file cannot be read, or has a line that is wrong.
    """
    found: dict[str, Variable] = {}
    for file in files:
        name = reach.label(file)
        found = parse_dotenv(read_text(file, name), name, variables.get, found)
    return {name: one.value for name, one in found.items()} | dict(variables)


def _texts(node: Node | None) -> list[str]:
    """Return one text, or the texts of a list."""
    if node is None:
        return []
    return [node.text] if node.text else [item.text for item in node.items if item.text]
