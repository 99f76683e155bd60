"""How the local cluster fails: with one message that a user can act on."""

from infra.errors import NightowlError


class ClusterError(NightowlError):
    """A cluster cannot be created, restarted or deleted. The message says why and what to do."""
