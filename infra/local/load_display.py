"""The live picture of a rehearsed flood."""

from __future__ import annotations

from kubernetes.client import ApiClient
from rich.live import Live
from rich.table import Table

from infra.console.output import Output
from infra.local.load import LoadSample, LoadTarget, run_load
from infra.local.tables import plain_table

PLAIN_LINE_EVERY_SECONDS = 5.0
"""Where the output is no terminal, a line now and then replaces the picture."""


def show_load(
    output: Output, api: ApiClient, target: LoadTarget, *, cores: float, seconds: float, until_absorbed: bool
) -> LoadSample:
    """Put `cores` of load on the app for `seconds`, draw what happens, and print how long it took to absorb it.

    With `until_absorbed` it ends as soon as every pod that the load needs has run.
    """
    shown_until = -PLAIN_LINE_EVERY_SECONDS
    console = output.progress()
    with Live(console=console, transient=True, auto_refresh=False) as live:

        def draw(sample: LoadSample) -> None:
            nonlocal shown_until
            if console.is_terminal:
                live.update(sample_table(sample), refresh=True)
            elif sample.seconds - shown_until >= PLAIN_LINE_EVERY_SECONDS:
                shown_until = sample.seconds
                console.print(sample_line(sample), soft_wrap=True)

        last = run_load(api, target, cores=cores, seconds=seconds, on_sample=draw, until_absorbed=until_absorbed)
    output.results.print(sample_table(last))
    output.results.print(verdict(last), soft_wrap=True)
    return last


def sample_table(sample: LoadSample) -> Table:
    """Draw one moment of a rehearsal as a table."""
    headers = ("seconds", "load (cores)", "CPU use", "wanted", "running", "needed", "pending", "nodes")
    table = plain_table(*headers, right=headers)
    table.add_row(*_cells(sample))
    return table


def sample_line(sample: LoadSample) -> str:
    """Return one moment of a rehearsal as a line."""
    seconds, cores, cpu, wanted, running, needed, pending, nodes = _cells(sample)
    return (
        f"{seconds:>4} s  load {cores} cores, CPU {cpu}, {running}/{wanted} pods running, {needed} needed, "
        f"{pending} pending, {nodes} nodes"
    )


def verdict(sample: LoadSample) -> str:
    """Return how long it took until the pods that the load needs were running."""
    if sample.absorbed_seconds is None:
        running = sum(sample.app.zones.values())
        return f"Not absorbed in {sample.seconds:.0f} s: {running} of the {sample.needed} pods needed are running."
    return (
        f"Absorbed: the {sample.needed} pods that {sample.cores:g} cores need were running "
        f"after {sample.absorbed_seconds:.0f} s."
    )


def _cells(sample: LoadSample) -> tuple[str, ...]:
    cpu = sample.app.cpu
    use = "?" if cpu is None or cpu.current is None else f"{cpu.current}% of {cpu.target}%"
    return (
        f"{sample.seconds:.0f}",
        f"{sample.cores:g}",
        use,
        str(sample.app.desired),
        str(sum(sample.app.zones.values())),
        str(sample.needed),
        str(sample.cluster.pending_pods),
        str(len(sample.cluster.nodes)),
    )
