from __future__ import annotations

from datetime import date, timedelta

from infra.versions import EKS_STANDARD_SUPPORT_ENDS, KUBERNETES_MINOR


def test_the_kubernetes_version_is_supported_for_another_sixty_days() -> None:
    ends = EKS_STANDARD_SUPPORT_ENDS[KUBERNETES_MINOR]
    assert date.today() + timedelta(days=60) <= ends, f"Kubernetes {KUBERNETES_MINOR} leaves standard support on {ends}"
