"""`nightowl ci tools`: what a job downloads, before it takes a role, and what it is held against."""

from __future__ import annotations

from github import Github
from github.GithubException import GithubException
from requests.exceptions import RequestException

from infra.ci.actions_run import ActionsRun
from infra.errors import NightowlError
from infra.toolchain import pinned, plugin
from infra.toolchain.releases import PROVIDERS, Release, provider_version, releases
from infra.toolchain.resolve import resolve_pulumi

HEAD = """\
# Published builds that may be downloaded: the SHA-256 of each, and its address. Nothing else is.
# `nightowl ci tools --pin` writes the lines: the checksums are those that GitHub computed of the releases' files.
"""


class PinError(NightowlError):
    """GitHub has no checksum of a release's file."""


def run_tools(run: ActionsRun) -> None:
    """Get the Pulumi CLI and the providers of the stacks, each checked against its checksum before anything is run.

    Providers go where the engine looks for them. What is there already stays.

    Raises:
        NotPinnedError: a provider has no checksum.
        WrongContentError: a file is not the one that was pinned; nothing of it was run.
        ToolchainError: something cannot be had.
    """
    home = plugin.users_home()
    missing = [name for name in PROVIDERS if not plugin.program_in(home, name).exists()]
    if run.dry_run:
        listed = ", ".join(f"{name} {provider_version(name)}" for name in PROVIDERS)
        run.print(f"would get the Pulumi CLI and the providers {listed}")
        return
    pulumi = resolve_pulumi(lambda event: run.print(f"{event.tool}: {event.phase}"))
    for name in missing:
        run.print(f"{name} {provider_version(name)}: {plugin.install(pulumi, name, home)}")


def run_pin_tools(github: Github, run: ActionsRun) -> None:
    """Write the checksums of the releases that this project uses, as GitHub computed them.

    The files themselves come from another host, get.pulumi.com, so that both would have to be false.

    Raises:
        PinError: GitHub has no such file, or no checksum of it.
    """
    lines = [f"{_digest(github, release)}  {release.url}" for release in releases()]
    pinned.CHECKSUMS.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    run.print(f"{pinned.CHECKSUMS}: {len(lines)} files; bring it to main by a pull request")


def _digest(github: Github, release: Release) -> str:
    try:
        assets = github.get_repo(release.repository).get_release(release.tag).raw_data["assets"]
    except (GithubException, RequestException) as error:
        raise PinError(f"{release.repository} {release.tag}: GitHub does not tell its files ({error})") from None
    digests = [str(asset.get("digest") or "") for asset in assets if asset["name"] == release.archive]
    if len(digests) != 1 or not digests[0].startswith("sha256:"):
        raise PinError(f"{release.repository} {release.tag}: GitHub has no checksum of {release.archive}")
    return digests[0].removeprefix("sha256:")
