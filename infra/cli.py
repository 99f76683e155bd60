"""The `nightowl` command: parses, calls, prints.

Exit codes: 0 done; 1 it failed, or what it checked is not well; 2 a wrong option, argument or stack file;
130 interrupted; 141 nobody read what it printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main

from infra.ci.commands import ci
from infra.console.output import Output, log_to_standard_error
from infra.console.standard_output import guard_standard_streams
from infra.errors import NightowlError, UsageError
from infra.importing.commands import import_
from infra.local.paths import DEFAULT_CLUSTER_NAME, ClusterPaths
from infra.system.garbage import collect_rarely
from infra.system.interruption import INTERRUPTED, INTERRUPTED_EXIT_CODE, on_interruption

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Everything else is imported where it is used: a command must not wait for what it does not need.

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
local = typer.Typer(no_args_is_help=True, help="Kubernetes on this machine: no cloud account, no Docker, no root.")
app.add_typer(local, name="local")
app.add_typer(ci, name="ci")
app.add_typer(import_, name="import")

Name = Annotated[str, typer.Option(help="Name of the cluster; several run side by side.")]
File = Annotated[
    Path | None, typer.Option("--file", "-f", help="A stack file elsewhere, such as one of examples/.", metavar="FILE")
]


def _be_verbose(context: typer.Context, *, wanted: bool) -> None:
    context.ensure_object(Output)
    if wanted:
        log_to_standard_error()


def _be_quiet(context: typer.Context, *, wanted: bool) -> None:
    if wanted:
        context.obj = Output(quiet=True)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"nightowl {version('nightowl')}")
        raise typer.Exit


@app.callback()
def nightowl(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    _verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", callback=_be_verbose, help="Log programs, calls and decisions to standard error."
        ),
    ] = False,
    _quiet: Annotated[bool, typer.Option("--quiet", callback=_be_quiet, help="Print results and errors only.")] = False,
) -> None:
    """Containerized applications on Kubernetes: on this machine, on any cluster, on Amazon EKS."""


@app.command()
def plan(
    context: typer.Context,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack to plan: stacks/Pulumi.STACK.yaml.")],
    *,
    file: File = None,
    diff: Annotated[str | None, typer.Option(help="Another stack: show what STACK has otherwise.")] = None,
    manifests: Annotated[Path | None, typer.Option(help="Folder to write the Kubernetes objects to, as YAML.")] = None,
    html: Annotated[Path | None, typer.Option(help="File to write the plan to as a page, with a picture.")] = None,
    svg: Annotated[Path | None, typer.Option(help="File to write the picture alone to.")] = None,
    resources: Annotated[bool, typer.Option("--resources", help="Show every resource and address.")] = False,
    permissions: Annotated[bool, typer.Option("--permissions", help="Show who may do what on AWS.")] = False,
    policies: Annotated[bool, typer.Option("--policies", help="Show what violates a policy, and the remedy.")] = False,
    order: Annotated[bool, typer.Option("--order", help="Show what is made when, and the slowest chain.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Show all of these.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show what `pulumi up` would make, and how long it would take. Needs no account, no engine and no network.

    With a FILE, STACK is the name under which it would be deployed: the levels of the policies are those of the name.
    """
    from infra.plan.run import run_plan
    from infra.plan.text import Detail
    from infra.project import file_or_stack, project_folder, stack_file

    options = {
        Detail.RESOURCES: resources,
        Detail.PERMISSIONS: permissions,
        Detail.POLICIES: policies,
        Detail.ORDER: order,
    }

    project = project_folder(Path.cwd())
    other = None if diff is None else (diff, stack_file(project, diff))
    run_plan(
        file_or_stack(project, stack, file),
        stack=stack,
        other=other,
        manifests=manifests,
        html=html,
        svg=svg,
        as_json=as_json,
        details=[detail for detail, wanted in options.items() if wanted or full],
        output=context.obj,
    )


@app.command()
def config(
    context: typer.Context,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack: stacks/Pulumi.STACK.yaml.")] = "",
    *,
    file: File = None,
    origin: Annotated[bool, typer.Option("--origin", help="Show the file and the line of each value.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show a stack file together with the files that it extends, as one. Needs no account, no engine and no network.

    Mistakes are told after it, with exit code 2.
    """
    from infra.plan.config import run_config
    from infra.project import file_or_stack, project_folder

    if not stack and file is None:
        raise UsageError("--stack: name the stack, or a stack file by --file")
    chosen = file_or_stack(project_folder(Path.cwd()), stack, file)
    run_config(chosen, origin=origin, as_json=as_json, console=context.obj.results)


@app.command()
def image(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="IMAGE", help="Such as postgres:17.6. Without one: all of the stack."),
    ] = None,
    *,
    stack: Annotated[
        str | None,
        typer.Option("--stack", "-s", help="The stack on whose nodes it is to run: stacks/Pulumi.STACK.yaml."),
    ] = None,
    file: File = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show what an image in a registry is, and the lines of a stack file that its app needs.

    Nothing is pulled and no Docker is needed. For private images, credentials are those that `docker login` has stored.
    With a stack alone, exit code 1 if one of its images is not there, or not for its nodes.
    """
    results = context.obj.results
    if stack is None and file is None:
        from infra.images.run import run_image

        if name is None:
            raise UsageError("IMAGE: name an image, or a stack by --stack, whose images are looked at")
        run_image(name, pools=(), environment=os.environ, as_json=as_json, console=results)
        return
    from infra.project import file_or_stack, project_folder

    chosen = file_or_stack(project_folder(Path.cwd()), stack or "", file)
    if name is None:
        from infra.images.stack_check import check_stack

        if not check_stack(chosen, environment=os.environ, as_json=as_json, console=results):
            raise typer.Exit(1)
    else:
        from infra.images.nodes import node_architectures
        from infra.images.run import run_image

        pools = node_architectures(chosen)
        run_image(name, pools=pools, environment=os.environ, as_json=as_json, console=results)


@app.command()
def bootstrap(
    context: typer.Context,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack whose account and region to prepare.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be changed, and do nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="List what differs. Exit code 1 when anything does.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Prepare an AWS account: the bucket for Pulumi's state, the key for its secrets, and GitHub as an identity.

    Needed once per account and region; a second call changes nothing. Exit code 1 when a line of the stack file must be
    written by hand.
    """
    from infra.bootstrap.run import run_bootstrap
    from infra.project import project_folder, stack_file

    if dry_run and check:
        raise UsageError("--dry-run and --check: choose one; both change nothing")
    well = run_bootstrap(
        stack_file(project_folder(Path.cwd()), stack),
        stack=stack,
        mode="check" if check else "dry-run" if dry_run else "apply",
        environment=os.environ,
        as_json=as_json,
        console=context.obj.results,
    )
    if not well:
        raise typer.Exit(1)


@app.command("github")
def github_repository(
    context: typer.Context,
    *,
    repository: Annotated[
        str | None, typer.Option(help="OWNER/NAME; that of the git remote `origin` by default.", metavar="OWNER/NAME")
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="A stack to deploy from it; dev, staging and prod by default."),
    ] = None,
    reviewer: Annotated[
        list[str] | None,
        typer.Option(help="Who approves deployments beyond dev: LOGIN or ORGANIZATION/TEAM, up to six times."),
    ] = None,
    on: Annotated[bool, typer.Option("--on", help="Switch the delivery workflows on, after everything else.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be changed; change nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 if anything differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Make a GitHub repository ready to deploy: environments, reviewers, rules of main, the subjects of its tokens.

    Needs GITHUB_TOKEN of an administrator of the repository. A second call changes nothing.
    """
    from infra.github.run import run_github
    from infra.project import project_folder

    if check and dry_run:
        raise UsageError("--dry-run and --check: choose one; both change nothing")
    ready = run_github(
        project_folder(Path.cwd()),
        os.environ,
        repository=repository,
        stacks=stack or ["dev", "staging", "prod"],
        reviewers=reviewer or [],
        switch_on=on,
        mode="check" if check else "dry-run" if dry_run else "apply",
        as_json=as_json,
        console=context.obj.results,
    )
    if check and not ready:
        raise typer.Exit(1)


@local.command()
def up(
    context: typer.Context,
    *,
    stack: Annotated[str, typer.Option(help="The stack to deploy: stacks/Pulumi.STACK.yaml.")] = "local",
    file: File = None,
    name: Name = DEFAULT_CLUSTER_NAME,
    refresh: Annotated[bool, typer.Option("--refresh", help="Find and repair what was changed by hand.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Port of the API server; a free one by default.", min=1024, max=65535)
    ] = None,
) -> None:
    """Make the cluster, if it is not there, and deploy the stack. A second call changes nothing."""
    from infra.local.progress import Progress
    from infra.local.summary import print_summary
    from infra.local.up import up as bring_up
    from infra.project import file_or_stack, project_folder, project_name

    output: Output = context.obj
    project = project_folder(Path.cwd())
    result = bring_up(
        cluster_paths(name),
        file_or_stack(project, stack, file),
        Progress(output.progress()),
        project=project_name(project),
        api_port=port,
        refresh=refresh,
    )
    print_summary(output.results, result, name)


@local.command()
def status(
    context: typer.Context,
    name: Name = DEFAULT_CLUSTER_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show apps, replicas, zones, autoscalers and nodes. Exit code 1 when something is not available."""
    from infra.local.status import collect
    from infra.local.tables import status_json, status_tables

    current = collect(name, connected(name))
    if as_json:
        typer.echo(json.dumps(status_json(current), indent=2))
    else:
        context.obj.results.print(status_tables(current))
    if not current.available:
        raise typer.Exit(1)


@local.command()
def load(
    context: typer.Context,
    app_name: Annotated[str, typer.Argument(metavar="APP", help="An app with an autoscaler, or its namespace/name.")],
    *,
    cpu: Annotated[float, typer.Option(help="CPU load in cores, shared by the app's pods.", min=0.001, max=10_000)],
    duration: Annotated[str, typer.Option("--for", help="How long, such as 90s or 3m.")] = "3m",
    until_absorbed: Annotated[
        bool, typer.Option("--until-absorbed", help="End as soon as every pod that the load needs runs.")
    ] = False,
    name: Name = DEFAULT_CLUSTER_NAME,
) -> None:
    """Put load on an app and watch the autoscalers follow it. Ctrl-C takes the load off.

    Exit code 1 when the pods that the load needs did not run in time.
    """
    from infra.local.load import find_target
    from infra.local.load_display import show_load
    from infra.settings.scalars import parse_seconds

    try:
        seconds = parse_seconds(duration)
    except ValueError as error:
        raise UsageError(f"--for: {duration!r} {error}") from None
    if seconds < 1:
        raise UsageError(f"--for: {duration!r} is less than 1s")
    api = connected(name)
    target = find_target(name, api, app_name)
    last = show_load(context.obj, api, target, cores=cpu, seconds=seconds, until_absorbed=until_absorbed)
    if last.absorbed_seconds is None:
        raise typer.Exit(1)


@local.command()
def down(name: Name = DEFAULT_CLUSTER_NAME) -> None:
    """Remove the cluster: all its processes and files, and every claim, kept or not. The tools stay for next time."""
    from infra.local.cluster.lifecycle import delete

    removed = "removed, and every claim with it, kept or not; its volumes are simulated, so no data is lost"
    nothing = "there is no such cluster, nothing to do"
    typer.echo(f"{name}: {removed if delete(cluster_paths(name)) else nothing}")


@local.command()
def env(name: Name = DEFAULT_CLUSTER_NAME) -> None:
    """Print what points a shell at the cluster, with nightowl, pulumi and uv: eval "$(nightowl local env)"."""
    from infra.local.shell import shell_lines

    connected(name)
    for line in shell_lines(cluster_paths(name)):
        typer.echo(line)


@local.command()
def bench(
    context: typer.Context,
    stack: Annotated[str, typer.Option(help="The stack to measure.")] = "local",
    app_name: Annotated[str, typer.Option("--app", help="The app that gets a twentyfold load.")] = "web",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Measure, on clusters of its own: up, a second up, a twentyfold load, down, and the same work by hand."""
    from infra.local.bench import figure_lines, measure
    from infra.local.progress import Progress
    from infra.project import project_folder, stack_file

    file = stack_file(project_folder(Path.cwd()), stack)
    progress = Progress(context.obj.progress(stderr=True))
    figures = measure(cluster_paths("bench"), cluster_paths("bench-by-hand"), file, app_name, progress)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        for line in figure_lines(figures):
            typer.echo(line)


def cluster_paths(name: str) -> ClusterPaths:
    """Find the files of the cluster `name`.

    Raises:
        UsageError: it is not a name that a cluster can have.
    """
    from infra.settings.names import check_name

    try:
        return ClusterPaths(check_name(name))
    except ValueError as error:
        raise UsageError(f"--name: {name!r} {error}") from None


def connected(name: str) -> ApiClient:
    """Connect to the running cluster `name`.

    Raises:
        UsageError: it does not run.
    """
    from infra.kube import connect
    from infra.local.cluster.description import describe

    paths = cluster_paths(name)
    if not describe(paths).running:
        raise UsageError(f"cluster {name!r} does not run; `nightowl local up` starts it")
    return connect(paths.kubeconfig)


def command() -> Any:
    """Return the command with all below it, which take `--verbose` and `--quiet` after their names too."""
    whole: Any = typer.main.get_command(app)
    shared = [copy(parameter) for parameter in whole.params if parameter.name in {"_verbose", "_quiet"}]
    for parameter in shared:
        parameter.expose_value = False
    groups = [whole]
    while groups:
        for below in groups.pop().commands.values():
            if hasattr(below, "commands"):
                groups.append(below)
            else:
                below.params += shared
    return whole


def main() -> None:
    """Run the command, and print a failure as one message. A termination is an interruption: the command cleans up."""
    collect_rarely()
    finish = guard_standard_streams()
    on_interruption(signal.default_int_handler)
    try:
        command()()
    except NightowlError as error:
        typer.echo(f"nightowl: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as end:
        # Typer turns an interruption into its exit code, and says nothing.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED_EXIT_CODE:
            raise
        typer.echo(INTERRUPTED, err=True)
        sys.exit(INTERRUPTED_EXIT_CODE)
    finally:
        finish()
