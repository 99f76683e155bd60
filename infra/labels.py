"""Labels that several parts go by: zone and kind of a node, and which objects are Nightowl's own."""

ZONE_LABEL = "topology.kubernetes.io/zone"
"""Kubernetes' own, on every node of a cloud: the availability zone that it is in."""
SYSTEM_LABEL = "nightowl/system"
"""On the nodes of every system pool, with the value `true`."""
SYSTEM_TAINT_KEY = "CriticalAddonsOnly"
"""The taint of system pools, which AWS's own add-ons tolerate by default (configuration schemas of coredns and
aws-ebs-csi-driver)."""
GPU = "nvidia.com/gpu"
"""The resource that NVIDIA's device plugin gives to the nodes that it runs on, and the taint of nodes with GPUs, which
keeps away what needs none."""
GPU_PLUGIN_LABEL = "nvidia.com/gpu.present"
"""On the nodes that NVIDIA's device plugin is to run on, with the value `true` (its chart, values.yaml, `affinity`)."""
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
PART_OF = "nightowl"
NIGHTOWL_SELECTOR = f"{PART_OF_LABEL}={PART_OF}"
"""Selects, on any cluster, what Nightowl deployed."""
NETWORK_POLICIES_ANNOTATION = "network-policies/left-out-by"
"""On a namespace without network policies: which key of the stack file says so. The policy pack reads it."""
ROLE_ANNOTATION = "nightowl/role"
"""On pods with a role on AWS of their own. EKS gives a pod its credentials when it is admitted: pods that ran before
their app had a role are replaced by ones with this annotation."""
KIND_ANNOTATION = "nightowl/kind"
"""On a Deployment whose kind its pods do not tell: a worker with ports looks like a web app."""
SECURITY_ANNOTATION = "pod-security/decided-by"
"""On a workload or namespace whose pods differ from the defaults: which keys of the stack file say so. The policy pack
reads it."""
