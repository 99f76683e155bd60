"""`nightowl ci copy-images`: the images of a stack's file, brought into its own registry from the stack before it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.images import ImageStack, Reference, Registry, RepositoryMissingError
from infra.ci.stack_edit import image_of
from infra.errors import NightowlError, UsageError
from infra.platforms.eks.names import repository_name
from infra.system.commands import CommandFailedError
from infra.system.commands import run as run_command

DOCKER_CONFIG = "config.json"
"""The name under which docker looks for logins; skopeo reads the same form from any file."""


class CopyError(NightowlError):
    """An image was not copied. The message has the last lines of what the tool printed."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An image that the stack's file names, and where it comes from."""

    app: str
    source: Reference
    target: Reference


def run_copy_images(stack: ImageStack, source: ImageStack, text: str, run: ActionsRun) -> None:
    """Copy each image that the stack file `text` names from the registry of `source`, unless it is there already.

    The copy is the same image to the byte, so its digest is the same. A dry run reads nothing but the text.

    Raises:
        UsageError: an app has no image line.
        AwsError: AWS refuses, or a repository is missing.
        CopyError: the copy fails, or is another image.
    """
    wanted = _wanted(stack, source, text, run)
    if run.dry_run:
        for image in wanted:
            run.print(f"{image.app}: would copy {image.source} to {image.target}, unless it is there")
        return
    registry = Registry(stack.account_id, stack.region)
    lacking = [image for image in wanted if not _is_there(image, registry, run)]
    if not lacking:
        return
    with _authentication(source, registry) as file:
        for image in lacking:
            _copy(image, file, source)
            _verify(image, registry)
            run.print(f"{image.app}: copied {image.source} to {image.target}")


def _wanted(stack: ImageStack, source: ImageStack, text: str, run: ActionsRun) -> list[Wanted]:
    wanted: list[Wanted] = []
    for app in stack.builds:
        image = Reference.of(image_of(text, app, stack.image(app)))
        if not stack.owns(image, app):
            run.print(f"{app}: its image is not in the registry of {stack.name}, so there is nothing to copy")
            continue
        if not image.tag:
            raise UsageError(f"{app}: its image has no tag to copy it to; `nightowl ci promote` writes one with it")
        # References with a tag and a digest are refused by skopeo: the digest names what to take, the tag where to put.
        origin = Reference(host=source.host, repository=repository_name(source.cluster, app), digest=image.digest)
        wanted.append(Wanted(app=app, source=origin, target=image))
    return wanted


def _is_there(image: Wanted, registry: Registry, run: ActionsRun) -> bool:
    try:
        there = registry.has(image.target.repository, image.target.digest)
    except RepositoryMissingError as error:
        raise RepositoryMissingError(f"{image.app}: {error}: an administrator runs `pulumi up` once") from None
    if there:
        run.print(f"{image.app}: {image.target} is there already")
    return there


@contextmanager
def _authentication(source: ImageStack, registry: Registry) -> Generator[Path]:
    """Write a file with the tokens of both registries (containers-auth.json(5)), for as long as it is used."""
    both = (registry, Registry(source.account_id, source.region))
    entries = {one.host: {"auth": one.token()} for one in both}
    with tempfile.TemporaryDirectory(prefix="nightowl-copy-") as folder:
        path = Path(folder) / DOCKER_CONFIG
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"auths": entries}, file)
        yield path


def _copy(image: Wanted, authentication: Path, source: ImageStack) -> None:
    target = Reference(host=image.target.host, repository=image.target.repository, tag=image.target.tag)
    try:
        run_command(
            _command(str(image.source), str(target), authentication),
            environment={**os.environ, "DOCKER_CONFIG": str(authentication.parent)},
        )
    except CommandFailedError as error:
        if not error.last_lines:
            raise CopyError(f"{image.app}: {error}; install skopeo or docker where this job runs") from None
        raise CopyError(
            f"{image.app}: {error}:\n{error.last_lines}\nwhere it may not read, the role of this job is missing "
            f"under nightowl:delivery.readers of {source.name}"
        ) from None


def _command(source: str, target: str, authentication: Path) -> list[str]:
    """Write the command that copies. GitHub's machines have skopeo, those of CodeBuild only docker.

    With one source and `--prefer-index=false`, docker copies it as it is (Docker documentation, "docker buildx
    imagetools create").
    """
    if shutil.which("skopeo") is None and shutil.which("docker") is not None:
        return ["docker", "buildx", "imagetools", "create", "--prefer-index=false", "--tag", target, source]
    return [
        *("skopeo", "copy", "--all", "--preserve-digests", "--authfile", str(authentication)),
        *(f"docker://{source}", f"docker://{target}"),
    ]


def _verify(image: Wanted, registry: Registry) -> None:
    found = registry.digest_of(image.target.repository, image.target.tag)
    if found != image.target.digest:
        raise CopyError(f"{image.app}: {image.target} should be there now, and the registry has {found or 'nothing'}")
