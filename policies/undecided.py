"""The controls that no rule decides, and why."""

from __future__ import annotations

WITHOUT_RULE: dict[str, str] = {
    "C18": "AWS's own side of the control plane: nothing in a program describes it.",
    "C60": "With an image by digest, as C59 asks, Always changes nothing but asks the registry at each start; "
    "docs/decisions tells why IfNotPresent was chosen.",
    "C73": "Takes the schema of the target version, which `make audit` checks every rendered object against.",
    "C77": "Is about workflow files, which no engine sees; `make audit` runs zizmor over them.",
    "P7": "Hooks are not shown to a policy; the workflow that destroys passes --run-program.",
    "P33": "Is about how a pipeline is cancelled, not about a resource.",
    "R12": "How long an app keeps a connection is written in the app; its setting has no name that all apps share.",
    "R36": "A promise of AWS: nothing in a program describes it.",
    "R37": "Times that only a running API server can show.",
}
