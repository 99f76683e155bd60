"""docs/changing.md, made from the data: `python -m infra.platforms.eks.live.changes_text > docs/changing.md`."""

from __future__ import annotations

from infra.platforms.eks.live.changes import CHANGES, HOW

_HEAD = """\
# Changing a live stack

What `pulumi up` does to a stack with `kind: eks` that stands, when a key of its stack file changes. `pulumi preview`
shows it before, and refuses what cannot work. A key that ends in `**` stands for all below it, `*` for any name. This
file is made from `infra/platforms/eks/live/changes.py` (`python -m infra.platforms.eks.live.changes_text`).
"""

_TAIL = """\
## Names

An app, a pool or a role that is renamed is another one: the new one is made, and the old one is deleted at the end of
the update. What two of them cannot have at the same time is handed on: the port of a `tcp` app, the priority of a rule.

It is handed on before the pods of the new app run. Nothing answers there until they are found well: a minute behind an
ALB, some minutes behind an NLB. This goes for a `tcp` app, and for an `http` app whose priority is fixed in
`loadBalancer.priorities`. To avoid it, give the new app another port or host first, and move the callers.

## Protection

With `platform.protect: true` the engine refuses to delete or replace what cannot be made again. Everything else stands
under the resource `platform.protect`, which a destroy meets first: `pulumi destroy`, with a preview or with
`--skip-preview`, and the Automation API delete nothing. Until the first `pulumi up` has come to its end, that resource
is not there: then a destroy without a preview deletes what is not protected by itself. What a failed update has made is
under it from the next update on that succeeds.

The load balancer goes with the last app that needs it, and so does its log: removing or changing that app is refused as
long as the stack is protected.

To destroy such a stack, set `platform.protect: false` and `cluster.deletionProtection: false`, deploy, and then
destroy.
"""


def changes_text() -> str:
    """Write the whole page as Markdown."""
    lines = [_HEAD, "| what happens | |", "|---|---|"]
    lines += [f"| {how} | {text} |" for how, text in HOW.items()]
    section = ""
    for key, change in CHANGES.items():
        if key.partition(".")[0] != section:
            section = key.partition(".")[0]
            lines += ["", f"## `{section}`", "", "| key | what happens | |", "|---|---|---|"]
        lines.append(f"| `{key}` | {change.how} | {change.text} |")
    return "\n".join([*lines, "", _TAIL])


if __name__ == "__main__":
    print(changes_text(), end="")
