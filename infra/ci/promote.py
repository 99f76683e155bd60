"""`nightowl ci promote`: the images of one stack, or earlier ones, proposed for the next by one pull request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.ci.actions_run import ActionsRun
from infra.ci.git import file_at, first_commit_with, require_history, versions
from infra.ci.github import connect
from infra.ci.images import ImageStack, Reference
from infra.ci.report import cell, joined, table
from infra.ci.stack_edit import Line, file_of_main, image_of, image_or_none, stack_path, with_lines
from infra.errors import UsageError
from infra.settings.eks.delivery import MAIN_BRANCH
from infra.settings.problems import refusal

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to promote: everything that differs by default."""

    app: str | None = None
    """Only this app."""
    digest: str | None = None
    """This image of the app, which the history of the stack files must know."""
    rollback: bool = False
    """The images before the current ones."""
    source_commit: str | None = None
    """The images that the source's file has at this commit (40 digits), not those that `main` has by now."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A stack, the one it promotes from, and the folder of each app in the stack where the images are built."""

    target: ImageStack
    source: ImageStack
    folders: Mapping[str, str]


def chain_to(target: ImageStack, read: Callable[[str], ImageStack]) -> Chain:
    """Follow `promotesFrom` from a stack to the one that builds. `read` gives the stack of a name.

    Raises:
        UsageError: the stack promotes from none.
        SettingsError: the stacks promote in a circle.
    """
    if target.delivery.promotes_from is None:
        raise UsageError(
            f"{target.name} builds its images and promotes none; to promote, name a stack under "
            "nightowl:delivery.promotesFrom; to go back, revert the change of the code"
        )
    source = builder = read(target.delivery.promotes_from)
    seen = {target.name, source.name}
    while builder.delivery.promotes_from is not None:
        if builder.delivery.promotes_from in seen:
            problem = f"goes in a circle: {', '.join(sorted(seen))}; remove it where images are built"
            raise builder.layers.located(refusal("nightowl:delivery.promotesFrom", problem))
        seen.add(builder.delivery.promotes_from)
        builder = read(builder.delivery.promotes_from)
    return Chain(target=target, source=source, folders=builder.builds)


def run_promote(
    project: Path, target: ImageStack, read: Callable[[str], ImageStack], choice: Choice, run: ActionsRun
) -> None:
    """Propose new image lines for the target's file, by the one pull request from `nightowl/promote-STACK`.

    `read` gives the stack of a name. Both files are read from `main` as it is now, but for the source's where the
    choice names a commit; that and earlier images come from the history of the checkout. Only apps whose images the
    target keeps, those with `build`, are promoted. A dry run reads the checkout's files and does nothing else.

    Raises:
        UsageError: the choice makes no sense, the digest or the commit is unknown, or the clone lacks its history.
        GithubError: GitHub refuses.
    """
    if not target.builds and replace(choice, source_commit=None) == Choice():
        run.print(f"{target.name} keeps no images, so there is nothing to promote")
        return
    apps = _apps(target, choice)
    chain = chain_to(target, read)
    github = None if run.dry_run else connect(run)
    require_history(project)
    start = "" if github is None else github.head(MAIN_BRANCH)
    path = stack_path(target)
    text = file_of_main(project, github, start, path)
    if choice.rollback:
        moves = _moves_back(project, target, text, apps, run)
    elif choice.digest is not None:
        moves = [_move_to_digest(project, chain, text, apps, choice.digest)]
    else:
        source_path = stack_path(chain.source)
        if choice.source_commit is None:
            source_text = file_of_main(project, github, start, source_path)
        else:
            source_text = _text_at(project, choice.source_commit, source_path)
        moves = _moves_on(chain, text, source_text, apps, run)
    moves = [move for move in moves if move.before != move.after]
    for move in moves:
        run.print(f"{move.app}: {move.before.short} -> {move.after.short}")
    if not moves:
        run.print(f"{target.name} has these images already: there is nothing to promote")
        return
    text = with_lines(text, moves)
    branch = f"nightowl/promote-{target.name}"
    if github is None:
        run.print(f"would propose this for {path}, from {branch}; nothing was done")
        return
    title = _title(chain, choice)
    body = _body(project, chain, moves, run)
    url = github.propose(branch, {path: text}, title, body, start=start)
    run.print(url)
    run.summarize(f"{title}: {url}")


def _apps(target: ImageStack, choice: Choice) -> list[str]:
    known = list(target.builds)
    if not known:
        raise UsageError(f"{target.name} keeps no images; name the folder of an app's image as nightowl:apps.APP.build")
    if choice.rollback and choice.digest is not None:
        raise UsageError("--rollback and --digest choose differently; give one of them")
    if choice.source_commit is not None:
        if choice.rollback or choice.digest is not None:
            other = "--rollback" if choice.rollback else "--digest"
            raise UsageError(f"--source-commit and {other} choose differently; give one of them")
        if not _COMMIT.fullmatch(choice.source_commit):
            raise UsageError(
                f"--source-commit: {choice.source_commit!r} is not a commit; write its 40 digits, as `git rev-parse` "
                "does"
            )
    if choice.app is not None and choice.app not in known:
        raise UsageError(f"--app: {target.name} keeps no images of {choice.app!r}; it does of {', '.join(known)}")
    if choice.digest is None:
        return known if choice.app is None else [choice.app]
    if not _DIGEST.fullmatch(choice.digest):
        raise UsageError(f"--digest: {choice.digest!r} is not a digest; write sha256: and 64 digits")
    if choice.app is None and len(known) > 1:
        raise UsageError(f"--digest: say with --app which app it is an image of: {', '.join(known)}")
    return [choice.app or known[0]]


def _text_at(project: Path, commit: str, path: str) -> str:
    text = file_at(project, commit, path)
    if text is None:
        raise UsageError(f"--source-commit: the checkout has no commit {commit} with a file {path}; `git fetch` it")
    return text


def _moves_on(chain: Chain, text: str, source_text: str, apps: list[str], run: ActionsRun) -> list[Line]:
    """Take the images of the source's file."""
    moves: list[Line] = []
    for app in apps:
        reference = Reference.of(image_or_none(source_text, app) or chain.source.image(app) or "")
        if not chain.source.owns(reference, app):
            run.print(
                f"{app}: {chain.source.name} runs no image of its own registry yet, so there is nothing to promote"
            )
            continue
        moves.append(Line(app=app, before=_before(chain.target, text, app), after=chain.target.taking(reference, app)))
    return moves


def _move_to_digest(project: Path, chain: Chain, text: str, apps: list[str], digest: str) -> Line:
    (app,) = apps
    for stack in (chain.source, chain.target):
        for version in versions(project, stack_path(stack)):
            reference = _reference_in(version, app)
            if reference.digest == digest and stack.owns(reference, app):
                return Line(app=app, before=_before(chain.target, text, app), after=chain.target.taking(reference, app))
    raise UsageError(
        f"--digest: neither {chain.source.name} nor {chain.target.name} was ever recorded to run {app} at {digest}; "
        f"`git log -p {stack_path(chain.source)}` lists what was"
    )


def _moves_back(project: Path, target: ImageStack, text: str, apps: list[str], run: ActionsRun) -> list[Line]:
    """Take the image before the current one; of several apps, of those that changed last, which were one promotion."""
    current = {app: _before(target, text, app) for app in apps}
    for version in versions(project, stack_path(target)):
        earlier = {app: _reference_in(version, app) for app in apps}
        moves = [
            Line(app=app, before=current[app], after=earlier[app])
            for app in apps
            if earlier[app].repository and earlier[app] != current[app]
        ]
        if moves:
            return moves
    run.print(f"the history of {stack_path(target)} has no earlier image of {', '.join(apps)}")
    return []


def _before(target: ImageStack, text: str, app: str) -> Reference:
    return Reference.of(image_of(text, app, target.image(app)))


def _reference_in(text: str, app: str) -> Reference:
    """The image in an earlier version of a file, which may be anything."""
    try:
        return Reference.of(image_or_none(text, app) or "")
    except UsageError:
        return Reference(host="", repository="")


def _title(chain: Chain, choice: Choice) -> str:
    if choice.rollback:
        return f"Roll back {choice.app} in {chain.target.name}" if choice.app else f"Roll back {chain.target.name}"
    return f"Promote {choice.app or chain.source.name} to {chain.target.name}"


def _body(project: Path, chain: Chain, moves: list[Line], run: ActionsRun) -> str:
    rows = [_cells(project, chain, move, run) for move in moves]
    order = f"To merge this is the order to deploy {chain.target.name}; the reviewers of its environment release it."
    return joined([order + run.log, table(("app", "from", "to", "built by", "changes"), rows)])


def _cells(project: Path, chain: Chain, move: Line, run: ActionsRun) -> Sequence[str]:
    repository = f"{run.server_url}/{run.repository}"
    before, after = (_built_by(project, chain, move.app, one) for one in (move.before, move.after))
    built = f"[`{after[:12]}`]({repository}/commit/{after})" if after else "unknown"
    changes = f"[compare]({repository}/compare/{before}...{after})" if before and after else ""
    return cell(move.app), cell(move.before.short), cell(move.after.short), built, changes


def _built_by(project: Path, chain: Chain, app: str, image: Reference) -> str | None:
    """The commit that brought the content of an image to the branch."""
    folder = chain.folders.get(app)
    return first_commit_with(project, folder, image.tree) if folder and image.tree else None
