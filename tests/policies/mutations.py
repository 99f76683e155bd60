"""All mutations, by family."""

from __future__ import annotations

from tests.policies.mutations_autoscaling import AUTOSCALING
from tests.policies.mutations_cluster import CLUSTER_MUTATIONS
from tests.policies.mutations_identity import IDENTITY
from tests.policies.mutations_kubernetes import OBJECTS
from tests.policies.mutations_lifecycle import LIFECYCLE
from tests.policies.mutations_load_balancing import LOAD_BALANCING
from tests.policies.mutations_network import NETWORK
from tests.policies.mutations_nodes import NODES
from tests.policies.mutations_reliability import RELIABILITY
from tests.policies.mutations_storage import COST, STORAGE
from tests.policies.mutations_workloads import PODS

AWS = [*NETWORK, *CLUSTER_MUTATIONS, *NODES, *IDENTITY, *AUTOSCALING, *LOAD_BALANCING, *STORAGE, *COST, *LIFECYCLE]

KUBERNETES = [*PODS, *RELIABILITY, *OBJECTS]

MUTATIONS = [*AWS, *KUBERNETES]
