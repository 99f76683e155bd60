"""Write the pages about the rules, docs/policies.md and docs/policies/: `python -m policies.reference`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from policies.levels import Level, Levels, levels_file, read_levels
from policies.rule import Family, Rule
from policies.rules import ALL_RULES, FAMILIES

ENVIRONMENTS = ("prod", "staging", "dev", "local")
DOCS = Path(__file__).parents[1] / "docs"
INDEX = DOCS / "policies.md"
FOLDER = DOCS / "policies"

INTRODUCTION = """\
# Policies

`python -m policies.reference` writes this page, and one for each family of rules, from `policies/`.

{count} rules run on every `pulumi preview` and `pulumi up`, and in `nightowl plan`:

    pulumi preview -s prod --policy-pack policies --policy-pack-config policies/prod.json
    nightowl plan -s prod

They look at resources of the AWS, EKS and Kubernetes providers, whoever wrote the program; nothing in them knows
Nightowl. A *resource* rule is decided by one resource's inputs, so an update stops before it is made. A *stack* rule
takes several resources; a preview decides it before anything is made, an update after. Where a resource's own inputs
may be enough, such as a policy that is written for one role, a stack rule is asked about it before it is made too.

- Rules are decided by what a resource does, whatever it is called and however it is written. An object of an older API
  version, of a list or of a `*Patch` type is judged as what it is, and so are the pods of any kind with a pod template.
  Actions and ARNs of IAM are tried on samples, networks are added up, and a condition counts only if it takes something
  away. A policy that names principals is judged at whatever resource it is.
- A managed policy is judged as what its holder may do, unless roles of the stack have it as their permissions boundary
  and nobody is given it. AWS's own policies are known by a list that is made from their documents
  (`policies/facts/aws_managed.json`).
- Not seen: what is inside a Helm chart, and a managed policy that neither AWS nor this program makes.
- Rules judge what the program declares. What the API server or AWS has made of it since, such as replicas that an
  autoscaler has set, is not held against the program.
- A fact that is not known before an update leaves a rule undecided in the preview: an advisory note names the fact, and
  the update decides. No rule takes a default for what it does not know.
- Levels: a violation of a *mandatory* rule stops the deployment, one of an *advisory* rule is reported. Critical and
  high rules are mandatory, the others advisory; `policies/<environment>.json` says what differs. A stack without a file
  of its own gets the levels of prod.
- Exceptions: `policies/exceptions.yaml` lists what is accepted, each with rule, resource, reason and last day. An
  exception that is over is itself a violation (`exceptions-in-date`).

A new rule is one function in `policies/families/`, with a decorator for its name, severity and types and a docstring
for its text ([decision](decisions/0032-a-rule-is-its-check.md)): copy its neighbour. In `tests/policies/` a mutation
breaks a stack in its respect, which sets off this rule and no other. `python -m policies.reference` writes the page.

What a stack file can ask for passes in dev, on this machine and in stacks of pull requests; what relaxes something is
reported with its key. Staging and prod refuse this much of it, unless an exception says why:

{refusals}
"""
REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        "`apps.*.image` without a digest",
        "image-by-digest",
        "The tag can be moved: tomorrow's pods run another program.",
    ),
    ("`apps.*.replicas: 1`", "enough-replicas", "A drain of its node takes the app away."),
    ("`apps.*.scaling.min: 1`", "hpa-minimum", "The same, at night."),
    ("`apps.*.scaling.max` equal to `min`", "hpa-room", "Nothing can grow."),
    (
        "`apps.*.security.user: 0`",
        "pod-non-root pod-no-user-zero",
        "Who breaks out of the container is root on its node.",
    ),
    ("`apps.*.security.capabilities` beyond `NET_BIND_SERVICE`", "pod-adds-no-capability", "Each is a part of root."),
    ("`apps.*.security.level: baseline`", "namespace-enforces-pod-security", "Others may make such pods there too."),
    (
        "`apps.*.volumes.*` with one writer, `apps.*.rollout.strategy: replace`",
        "rolling-update",
        "The old pod must end before the new one starts.",
    ),
    (
        "`apps.*.volumes.*.storageClass` left out, on a cluster that is there",
        "claim-has-a-class",
        "Without a default class, it waits for ever.",
    ),
    ("`apps.*.rollout.drain: 0s`", "pre-stop-pause", "A pod that ends is still sent requests."),
    ("`apps.*.rollout.surge: 0%`", "rollout-surge", "A pod is taken away before the next one serves."),
    (
        "`apps.*.allowFrom` with most of the internet in it",
        "no-ingress-from-the-world",
        "It lets in everybody inside, too.",
    ),
    ("`platform.ingress.clusterIssuer` left out, with `traffic`", "ingress-tls", "Passwords travel in plain text."),
    ("`platform.protect: false`", "what-cannot-be-remade-is-protected", "One command takes cluster and data away."),
    ("`cluster.deletionProtection: false`", "cluster-refuses-deletion", "So does one click."),
    (
        "`cluster.publicAccess` with most of the internet in it",
        "cluster-endpoint-is-not-open-to-the-world",
        "Everybody may try the API server.",
    ),
    (
        "`cluster.publicAccess`, in prod only",
        "cluster-endpoint-is-private-only",
        "A stolen token is enough from anywhere in these networks.",
    ),
    (
        "`loadBalancer.domain` left out",
        "listener-redirects-to-https",
        "Without a certificate, passwords travel in plain text.",
    ),
    (
        "`loadBalancer.allowFrom` left out, with `public: true` and `traffic` over tcp or udp",
        "security-group-opens-only-web-ports security-group-opens-no-admin-port",
        "Databases and shells answer the whole internet.",
    ),
)
"""What staging and prod refuse of a stack file: the key, the rules that do, and why."""


def pages() -> dict[Path, str]:
    """Return the text of each page by its file: the index, and a page for each family."""
    levels = {name: read_levels(levels_file(name), ALL_RULES) for name in ENVIRONMENTS}
    return {INDEX: _index(), **{_file(family): _page(family, levels) for family in FAMILIES}}


def write_pages() -> None:
    """Write all pages, and remove those of families that are gone."""
    written = pages()
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.md"):
        if file not in written:
            file.unlink()
    for file, text in written.items():
        file.write_text(text, encoding="utf-8")


def _index() -> str:
    rows = (
        f"| [{family.title}](policies/{_file(family).name}) | {len(family.rules)} | {family.about} |"
        for family in FAMILIES
    )
    table = ("| family | rules | what it is about |", "|---|---|---|", *rows)
    refused = (
        f"| {key} | {', '.join(f'`{rule}`' for rule in rules.split())} | {why} |" for key, rules, why in REFUSALS
    )
    refusals = "\n".join(("| key | rule | why |", "|---|---|---|", *refused))
    return INTRODUCTION.format(count=len(ALL_RULES), refusals=refusals) + "\n" + "\n".join(table) + "\n"


def _file(family: Family) -> Path:
    return FOLDER / f"{family.title.lower().replace(':', '').replace(' ', '-')}.md"


def _page(family: Family, levels: Mapping[str, Levels]) -> str:
    head = f"# {family.title}\n\n{family.about} [How rules work, and all families](../policies.md).\n"
    return "\n".join((head, *("\n".join(_rule(rule, levels)) for rule in family.rules)))


def _rule(rule: Rule, levels: Mapping[str, Levels]) -> Iterator[str]:
    yield f"## {rule.name}\n\n{rule.protects_from}\n"
    yield f"- Remedy: {rule.remediation} [More]({rule.url})"
    sources = f" Source: {', '.join(rule.frameworks)}." if rule.frameworks else ""
    yield f"- {rule.severity.capitalize()} {rule.scope} rule, {_levels(rule, levels)}.{sources}\n"


def _levels(rule: Rule, levels: Mapping[str, Levels]) -> str:
    by_level: dict[Level, list[str]] = {}
    for name, own in levels.items():
        by_level.setdefault(own.of(rule), []).append(name)
    if len(by_level) == 1:
        return f"{next(iter(by_level))} everywhere"
    return ", ".join(f"{level} in {' and '.join(names)}" for level, names in by_level.items())


if __name__ == "__main__":
    write_pages()
