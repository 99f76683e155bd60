"""The image of a service: the one that it names, or the one that is to be built."""

from __future__ import annotations

import json
import shlex
from os.path import relpath
from pathlib import Path
from typing import Any

from infra.images.facts import ImageFacts
from infra.images.registry import RegistryError
from infra.importing.app_parts import Decision, is_secret, pinned_image, unknown_image
from infra.importing.compose.dockerfile import Dockerfile, parse_dockerfile, read_dockerfile
from infra.importing.compose.project import ComposeProject
from infra.importing.compose.service import Service
from infra.importing.compose.values import pairs
from infra.importing.draft import Step
from infra.settings.app.build_folder import check_folder
from infra.settings.app.image import REFERENCE
from infra.values import mapping, text

_BUILT = "it is built from a folder; replace the registry by yours"
_PART = "it is of the build, which stays with the Dockerfile: give it to docker build"


def dockerfile_of(values: Any, folder: Path) -> Dockerfile:
    """Read the Dockerfile that a service is built from, if it lies in the folder of the project."""
    build = values.get("build")
    inline = text(build, "dockerfile_inline")
    stage = text(build, "target")
    if inline:
        return parse_dockerfile(inline, stage)
    context = build if isinstance(build, str) else text(build, "context") or ("." if isinstance(build, dict) else "")
    if not context:
        return Dockerfile()
    path = folder / context / (text(build, "dockerfile") or "Dockerfile")
    return read_dockerfile(path, stage) if path.resolve().is_relative_to(folder.resolve()) else Dockerfile()


def said_by(image: ImageFacts) -> Dockerfile:
    """Return what a registry says of an image, in the form of what a Dockerfile says."""
    ports = [int(number) for number, _, protocol in (port.partition("/") for port in image.ports) if protocol != "udp"]
    return Dockerfile(ports=tuple(ports), user=image.user or "root", folder=image.working_directory)


def map_image(service: Service, top: Path) -> None:
    """Write the image; `top` is the folder of the project of Nightowl, in which `build` names folders."""
    named = service.values.get("image")
    build = service.values.get("build")
    if isinstance(named, str) and REFERENCE.fullmatch(named):
        found = service.stack.images.get(named)
        if isinstance(found, RegistryError):
            service.missing(("image",), f"the registry does not tell what it is: {found}")
        decision = pinned_image(named) if not isinstance(found, ImageFacts) else _looked_up(found)
        service.settings["image"] = decision.value
        if decision.why:
            service.decided(("image",), "image", why=decision.why)
            service.comment("replace: the input names no version", "image")
        else:
            service.taken(("image",), "image")
    else:
        image = unknown_image(f"{service.stack.draft.name}/{service.app}")
        same = json.dumps(build, sort_keys=True, default=str) if build is not None else service.app
        service.settings["image"] = service.stack.built.setdefault(same, image)
        service.comment("replace: where the built image is kept, and its version", "image")
        if "image" in service.values:
            service.missing(("image",), "it is no name of an image, perhaps as a variable has no value; write one")
        if build is None:
            service.added("image", why="the service names no image; replace it")
    if build is not None:
        _map_build(service, build, top)
    elif "build" in service.values:
        service.decided(("build",), why="nothing is written")


def _arguments(build: Any) -> dict[str, str]:
    """Return the arguments of a build that a command may show."""
    given = {name: str(value) for _, name, value in pairs(mapping(build).get("args")) if value is not None}
    return {name: value for name, value in given.items() if not is_secret(name, value)}


def _looked_up(image: ImageFacts) -> Decision:
    """Return the image as its registry names it, with the digest of its version."""
    tagless = image.name.tag == "latest"
    return Decision(value=f"{image.name.host}/{image.name.repository}@{image.digest}" if tagless else image.pinned)


def _map_build(service: Service, build: Any, top: Path) -> None:
    project: ComposeProject = service.stack.project
    context = build if isinstance(build, str) else text(build, "context") or "."
    image = service.settings["image"]
    is_plain = isinstance(build, str) or not {*mapping(build)} - {"context"}
    own = _below(project.folder / context, top) if is_plain else None
    options = [
        *(["--file", f"{context.rstrip('/')}/{text(build, 'dockerfile')}"] if text(build, "dockerfile") else []),
        *(["--target", text(build, "target")] if text(build, "target") else []),
        *(
            word
            for name, value in _arguments(build).items()
            for word in ("--build-arg", shlex.quote(f"{name}={value}"))
        ),
    ]
    folder = context if "://" in context or Path(context).is_absolute() else _shown(project.folder / context, top)
    command = f"docker build --tag {image} {' '.join([*options, folder])} && docker push {image}"
    step = Step(what=f"build the image of {service.app}, and write its version into the stack file", command=command)
    if not any(other.command == command for other in service.stack.draft.steps):
        service.stack.draft.steps.append(step)
    to: tuple[str, ...] = ("image",)
    if own is not None:
        service.settings["build"] = own
        to = ("build",)
    if isinstance(build, str) or not mapping(build):
        service.decided(("build",), *to, why=_BUILT)
        return
    for key in mapping(build):
        if key == "context":
            service.decided(("build", key), *to, why=_BUILT)
        elif key in {"target", "dockerfile"} or (
            key == "args" and len(_arguments(build)) == len(list(pairs(build["args"])))
        ):
            service.decided(("build", key), why="it is in the command that builds the image, below")
        else:
            service.missing(("build", key), _PART)


def _shown(folder: Path, top: Path) -> str:
    """Return a folder as a command in `top` names it."""
    return shlex.quote(relpath(folder, top) if folder.resolve().is_relative_to(top.resolve()) else str(folder))


def _below(folder: Path, top: Path) -> str | None:
    """Return a folder as `build` names it; None for one that is not inside of the project."""
    try:
        return check_folder(str(folder.resolve().relative_to(top.resolve())))
    except ValueError:
        return None
