"""`nightowl ci build`: an image for each app that this repository builds, made once per content of its folder."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import tarfile
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.git import changed_files, holds_file, tree_of, write_archive
from infra.ci.images import ImageStack, Reference, Registry, RepositoryMissingError
from infra.errors import NightowlError, UsageError
from infra.platforms.eks.names import image_tag, repository_name
from infra.settings.eks.instance_types import architecture
from infra.settings.problems import refusal
from infra.system.commands import CommandFailedError
from infra.system.commands import run as run_command

DOCKERFILE = "Dockerfile"
DIGEST_KEY = "containerimage.digest"
"""Where `docker buildx build --metadata-file` writes what it pushed (Docker's documentation, "docker buildx build")."""


class BuildError(NightowlError):
    """An image was not built. The message has the last lines of what docker printed."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder to build from. `tree` is git's hash of what the checked out commit holds in it."""

    app: str
    folder: str
    tree: str

    @property
    def tag(self) -> str:
        """The tag of the image."""
        return image_tag(self.tree)


def run_build(project: Path, stack: ImageStack, run: ActionsRun, *, pull_request: int | None = None) -> None:
    """Build and push what is not in the registry yet, and give the outputs `images` (JSON by app) and `again`.

    The image is made of what the commit holds, and named after it. With `pull_request` it goes to a repository that no
    deployment of the stack reads. `again` is true where a repository is missing: the deployment that follows makes it,
    and the next run fills it. A dry run asks only git and does nothing else.

    Raises:
        SettingsError: a folder or its Dockerfile is missing or has changes that are not committed.
        UsageError: the stack takes no images of pull requests.
        GitError: `project` is no checkout.
        AwsError: AWS refuses.
        BuildError: docker fails.
    """
    github = stack.delivery.github
    if pull_request is not None and not (github and github.ephemeral):
        raise UsageError(
            f"{stack.name} takes no images of pull requests; name the subjects that may under "
            "nightowl:delivery.github.ephemeral"
        )
    own = stack.delivery.promotes_from is None
    with stack.layers.locating():
        sources = [_source(project, app, folder) for app, folder in stack.builds.items() if own]
    platforms = platforms_of(stack)
    if run.dry_run:
        for source in sources:
            target = repository_name(stack.cluster, source.app, pull_request=pull_request is not None)
            run.print(
                f"{source.app}: would build {source.folder} for {', '.join(platforms)} and push it as "
                f"{stack.host}/{target}:{source.tag}, unless it is there"
            )
        run.print("nothing to build" if not sources else "nothing was done")
        return
    images = _build_all(project, stack, sources, platforms, run, of_pull_request=pull_request is not None)
    run.set_output("images", json.dumps(images))
    run.set_output("again", "true" if len(images) < len(sources) else "false")


def platforms_of(stack: ImageStack) -> tuple[str, ...]:
    """The platforms of the nodes that apps run on."""
    pools = [pool for pool in stack.settings.node_pools.values() if not pool.system]
    architectures = {architecture(one) for pool in pools for one in pool.instance_types}
    return tuple(f"linux/{name}" for name in sorted(architectures, reverse=True))


def _source(project: Path, app: str, folder: str) -> Source:
    key = f"nightowl:apps.{app}.build"
    tree = tree_of(project, folder)
    if tree is None:
        raise refusal(key, f"the commit has no folder {folder!r}; name a folder of the repository, and commit it")
    if not holds_file(project, tree, DOCKERFILE):
        raise refusal(key, f"{folder!r} has no {DOCKERFILE} in this commit; write one, and commit it")
    changed = changed_files(project, folder)
    if changed:
        raise refusal(
            key,
            f"{', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''} is not as in the commit, which "
            "the image is named after; commit the changes, or remove them",
        )
    return Source(app=app, folder=folder, tree=tree)


def _build_all(
    project: Path,
    stack: ImageStack,
    sources: list[Source],
    platforms: tuple[str, ...],
    run: ActionsRun,
    *,
    of_pull_request: bool,
) -> dict[str, str]:
    """Return the reference of each image by app, without the apps whose repository is not there yet."""
    registry = Registry(stack.account_id, stack.region)
    images: dict[str, str] = {}
    for source in sources:
        repository = repository_name(stack.cluster, source.app, pull_request=of_pull_request)
        target = Reference(host=stack.host, repository=repository, tag=source.tag)
        try:
            digest = registry.digest_of(repository, source.tag)
        except RepositoryMissingError as error:
            run.print(f"{source.app}: {error}, and the next run fills it")
            continue
        if digest is None:
            run.print(f"{source.app}: building {source.folder} for {', '.join(platforms)}")
            digest = _build(project, source, target, platforms=platforms, registry=registry, run=run)
            run.print(f"{source.app}: pushed {target}@{digest}")
        else:
            run.print(f"{source.app}: {target} is there already")
        images[source.app] = f"{target}@{digest}"
    return images


def _build(
    project: Path, source: Source, target: Reference, *, platforms: tuple[str, ...], registry: Registry, run: ActionsRun
) -> str:
    with tempfile.TemporaryDirectory(prefix="nightowl-build-") as temporary:
        context, metadata = Path(temporary) / "context", Path(temporary) / "metadata.json"
        _write_context(project, source, context)
        with _logged_in(registry), _builder(platforms) as builder:
            command = [
                *("docker", "buildx", "build", *builder, "--push", "--platform", ",".join(platforms)),
                # Attestations would make an index of each image, which the scan on push does not look into.
                *("--provenance=false", "--sbom=false", "--metadata-file", str(metadata), "--tag", str(target)),
                *_labels(run),
                str(context),
            ]
            try:
                _docker(command, f"building {source.app} from {source.folder}")
            except BuildError:
                # Tags cannot be moved: a push fails where another run was quicker with the same content.
                digest = registry.digest_of(target.repository, target.tag)
                if digest is None:
                    raise
                return digest
        return _pushed_digest(metadata, target, registry)


def _write_context(project: Path, source: Source, context: Path) -> None:
    """Write what the commit holds in the folder, so that nothing git ignores gets into the image."""
    archive = context.with_suffix(".tar")
    write_archive(project, source.tree, archive)
    with tarfile.open(archive) as files:
        files.extractall(context, filter="data")


def _labels(run: ActionsRun) -> list[str]:
    """Where the image comes from (OCI image specification, "Annotations")."""
    values = {"revision": run.sha, "source": f"{run.server_url}/{run.repository}" if run.repository else ""}
    return [
        part
        for name, value in values.items()
        if value
        for part in ("--label", f"org.opencontainers.image.{name}={value}")
    ]


def _pushed_digest(metadata: Path, target: Reference, registry: Registry) -> str:
    try:
        pushed = json.loads(metadata.read_text(encoding="utf-8")).get(DIGEST_KEY)
    except (OSError, ValueError):
        pushed = None
    found = registry.digest_of(target.repository, target.tag)
    if found is None or found != pushed:
        raise BuildError(
            f"docker says that it pushed {pushed or 'an image without telling its digest'}, and the registry has "
            f"{found or 'nothing'} as {target}; run this again, and if that does not help, look who else pushes there"
        )
    return found


@contextlib.contextmanager
def _logged_in(registry: Registry) -> Generator[None]:
    host = registry.host
    user, _, password = base64.b64decode(registry.token()).decode().partition(":")
    _docker(["docker", "login", "--username", user, "--password-stdin", host], f"logging in to {host}", password)
    try:
        yield
    finally:
        with contextlib.suppress(BuildError):
            _docker(["docker", "logout", host], f"logging out of {host}")


@contextlib.contextmanager
def _builder(platforms: tuple[str, ...]) -> Generator[list[str]]:
    """Return the options for a builder of these platforms: docker's own can make one at a time only."""
    if len(platforms) == 1:
        yield []
        return
    name = f"nightowl-{secrets.token_hex(4)}"
    _docker(["docker", "buildx", "create", "--name", name, "--driver", "docker-container"], "making a builder")
    try:
        yield ["--builder", name]
    finally:
        with contextlib.suppress(BuildError):
            _docker(["docker", "buildx", "rm", name], "removing the builder")


def _docker(command: list[str], what: str, stdin_text: str = "") -> None:
    try:
        run_command(command, stdin_text=stdin_text)
    except CommandFailedError as error:
        output = f":\n{error.last_lines}" if error.last_lines else ""
        remedy = "" if error.last_lines else "; install Docker with buildx, and start it"
        raise BuildError(f"{what}: {error}{output}{remedy}") from None
