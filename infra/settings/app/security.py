"""Who a container is, and what it may do and write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings.model import FieldError, Model, Rule
from infra.settings.scalars import UNIQUE, Notation, Switch, WholeNumber

SecurityLevel = Literal["restricted", "baseline"]

CAPABILITIES_OF_BASELINE = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
"""What a container may add (Kubernetes, Pod Security Standards, baseline, "Capabilities")."""
CAPABILITIES_OF_RESTRICTED = ("NET_BIND_SERVICE",)
_WITHOUT = {
    "IPC_LOCK": "leave it out, and let the program lock no memory, such as by disable_mlock = true of Vault and "
    'bootstrap.memory_lock: "false" of Elasticsearch',
    "NET_ADMIN": "who sets up the network of nodes is installed beside the stack, under charts",
    "SYS_NICE": "leave it out: the program then runs with the priority that it has",
    "SYS_RESOURCE": "leave it out: the limits are those of the node's container runtime",
}
"""What to do instead, for those that usual images ask for."""


def _check_capability(value: str) -> str:
    name = value.upper().removeprefix("CAP_")
    if name not in CAPABILITIES_OF_BASELINE:
        why = f"is none that the Pod Security Standard baseline allows, which has {', '.join(CAPABILITIES_OF_BASELINE)}"
        raise ValueError(f"{why}; {_WITHOUT.get(name, 'leave it out')}")
    return name


Id = Annotated[WholeNumber, Field(ge=0, le=2**31 - 1)]
Capability = Annotated[str, AfterValidator(_check_capability), Notation("capability")]


class SecuritySettings(Model):
    """Who the containers of the pod are, and what they may do.

    `restricted` and `baseline` are those of the Pod Security Standards. Whatever the level, no process gains rights
    that its parent did not have, and every capability that is not named is dropped.
    """

    level: SecurityLevel = "restricted"
    """`baseline` is for images that must be root: it allows `user: 0` and more `capabilities`. The namespace then
    enforces `baseline`, and still warns of and records what is not `restricted`."""
    user: Id = 10001
    """Numeric user; 10000 and above does not collide with users of the host. `0`, which is root, needs
    `level: baseline`."""
    group: Id = 10001
    """Numeric group, also of the volumes."""
    read_only_root: Switch = True
    """`false` only for an image that must write outside its volumes; `writable` names single folders."""
    capabilities: Annotated[tuple[Capability, ...], UNIQUE] = ()
    """Capabilities that the containers keep, such as `[CHOWN, SETUID, SETGID]`; those beyond `NET_BIND_SERVICE` need
    `level: baseline`. Only root makes use of them."""

    def _rules(self) -> tuple[Rule, ...]:
        return self._user_errors, self._capability_errors

    def _user_errors(self) -> Iterator[FieldError]:
        if self.level == "restricted" and self.user == 0:
            yield FieldError("user", "0 is root, which needs level: baseline beside it; or name the image's own user")

    def _capability_errors(self) -> Iterator[FieldError]:
        for index, capability in enumerate(self.capabilities):
            if self.level == "restricted" and capability not in CAPABILITIES_OF_RESTRICTED:
                message = f"{capability} needs level: baseline beside it"
                yield FieldError(("capabilities", index), message)
