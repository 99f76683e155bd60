"""Whether the jobs can download what they run: the releases have checksums in this checkout."""

from __future__ import annotations

from infra.reconcile import Step
from infra.toolchain.releases import releases


def checksums_step() -> Step[str]:
    """Inspect the checksums. They are written by another command, as that asks for releases of other repositories."""
    missing = [release for release in releases() if not release.is_pinned]
    note = f"{len(missing)} releases have none, and jobs stop before they take a role: nightowl ci tools --pin"
    return Step(name="checksums", exists=True, changes=(), note=note if missing else "")
