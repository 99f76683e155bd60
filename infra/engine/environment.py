"""What of this process's environment the engine and its plugins get."""

from __future__ import annotations

from collections.abc import Mapping

IN_JOBS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "HOME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "KUBECONFIG",
        "LANG",
        "LOGNAME",
        "NO_PROXY",
        "PATH",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
"""All that a job's engine inherits (proxies in small letters too): where things are, and the credentials of its role. A
job has more: GITHUB_TOKEN, and with ACTIONS_ID_TOKEN_REQUEST_TOKEN the way to a role of its own choice."""

NEVER = ("ACTIONS_", "GH_", "GITHUB_", "PULUMI_")
"""Beginnings of what no engine inherits: tokens of GitHub, and settings of another Pulumi, such as its backend."""


def in_job(environ: Mapping[str, str]) -> bool:
    """Return whether this is a job of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick what the engine inherits of `environ`: in a job of GitHub Actions the few that it needs.

    Elsewhere a kubeconfig may start any program, which reads variables of its own, so that all but NEVER are kept.
    """
    if in_job(environ):
        return {name: value for name, value in environ.items() if name.upper() in IN_JOBS}
    return {name: value for name, value in environ.items() if not name.startswith(NEVER)}
