"""Components that plug-ins make.

`pulumi_eks.Cluster`: the control plane, the provider that it always makes, its outputs. A ConfigFile of Kubernetes: the
definition that the program's own objects need of those that are in the file.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc
from typing_extensions import override

from infra.plan.eks_component import COMPONENT, CONTROL_PLANE, SUBNET_KEYS, control_plane_inputs, control_plane_name
from infra.plan.values import RESOURCE_SIGNATURE, SIGNATURE_KEY
from tests.echo.properties import UNKNOWN, decode, encode, has_unknown, reveal

CONFIG_FILE = "kubernetes:yaml/v2:ConfigFile"
BINDINGS = "targetgroupbindings.elbv2.k8s.aws"
TAKEN_FROM = {
    "vpcConfig": SUBNET_KEYS,
    "encryptionConfig": ("encryptionConfigKeyArn",),
    "roleArn": ("serviceRole",),
}
"""By input of the control plane, the arguments of the component that it is made of."""


def construct(request: Any) -> Any:
    """Register the component and what is in it with the engine that asks for it."""
    kinds = {COMPONENT: _Cluster, CONFIG_FILE: _ConfigFile}
    assert request.type in kinds, f"the echo does not know the component {request.type}"
    with grpc.insecure_channel(request.monitorEndpoint) as channel:
        return kinds[request.type](request, resource_pb2_grpc.ResourceMonitorStub(channel)).run()


class _Construction(ABC):
    def __init__(self, request: Any, monitor: Any) -> None:
        self.request = request
        self.monitor = monitor

    @abstractmethod
    def run(self) -> Any:
        """Register the component, and return what it answers."""

    def _register(self, type_: str, name: str, *, parent: str, **more: Any) -> Any:
        of_component = (
            {} if more["custom"] else {"dependencies": self._all_dependencies(), "providers": self.request.providers}
        )
        dependencies = {urn for one in more.get("propertyDependencies", {}).values() for urn in one.urns}
        return self.monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=type_,
                name=name,
                parent=parent,
                protect=self.request.protect,
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
                **{"dependencies": sorted(dependencies), **of_component, **more},
            )
        )

    def _all_dependencies(self) -> list[str]:
        of_inputs = (urn for one in self.request.inputDependencies.values() for urn in one.urns)
        return sorted({*self.request.dependencies, *of_inputs})


class _Cluster(_Construction):
    @override
    def run(self) -> Any:
        arguments = reveal(decode(self.request.inputs))
        component = self._register(self.request.type, self.request.name, parent=self.request.parent, custom=False)
        control_plane = self._control_plane(component.urn, arguments)
        outputs = _outputs(control_plane, arguments)
        self._kubernetes_provider(component.urn, control_plane, outputs)
        self.monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=component.urn, outputs=encode(outputs))
        )
        dependencies = provider_pb2.ConstructResponse.PropertyDependencies(urns=[control_plane.urn])
        return provider_pb2.ConstructResponse(
            urn=component.urn, state=encode(outputs), stateDependencies=dict.fromkeys(outputs, dependencies)
        )

    def _control_plane(self, component: str, arguments: Mapping[str, Any]) -> Any:
        inputs = {**control_plane_inputs(self.request.name, arguments), "roleArn": self._role_arn(arguments)}
        return self._register(
            CONTROL_PLANE,
            control_plane_name(self.request.name),
            parent=component,
            custom=True,
            provider=self.request.providers["aws"],
            object=encode(inputs),
            # The creator is an administrator for good: the component does not let that change.
            ignoreChanges=["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"],
            propertyDependencies={key: self._dependencies(names) for key, names in TAKEN_FROM.items()},
        )

    def _kubernetes_provider(self, component: str, control_plane: Any, outputs: Mapping[str, Any]) -> None:
        name = f"{self.request.name}-eks-k8s"
        dependencies = resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=[control_plane.urn])
        self._register(
            "pulumi:providers:kubernetes",
            name,
            parent=component,
            custom=True,
            version=metadata.version("pulumi_kubernetes"),
            object=encode({"kubeconfig": outputs["kubeconfigJson"]}),
            propertyDependencies={"kubeconfig": dependencies},
        )

    def _role_arn(self, arguments: Mapping[str, Any]) -> Any:
        role = self.monitor.Invoke(
            resource_pb2.ResourceInvokeRequest(
                tok="pulumi:pulumi:getResource", args=encode({"urn": arguments["serviceRole"]["urn"]})
            )
        )
        return decode(getattr(role, "return"))["state"].get("arn", UNKNOWN)

    def _dependencies(self, names: tuple[str, ...]) -> Any:
        urns = {urn for name in names for urn in self.request.inputDependencies[name].urns}
        return resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=sorted(urns))


class _ConfigFile(_Construction):
    @override
    def run(self) -> Any:
        component = self._register(self.request.type, self.request.name, parent=self.request.parent, custom=False)
        spec = {"group": "elbv2.k8s.aws", "scope": "Namespaced", "names": {"kind": "TargetGroupBinding"}}
        self._register(
            "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
            f"{self.request.name}:{BINDINGS}",
            parent=component.urn,
            custom=True,
            provider=self.request.providers["kubernetes"],
            object=encode(
                {
                    "apiVersion": "apiextensions.k8s.io/v1",
                    "kind": "CustomResourceDefinition",
                    "metadata": {"name": BINDINGS},
                    "spec": spec,
                }
            ),
        )
        self.monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=component.urn, outputs=encode({}))
        )
        return provider_pb2.ConstructResponse(urn=component.urn, state=encode({}))


def _outputs(control_plane: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    made = decode(control_plane.object)
    group = made.get("vpcConfig", {})
    cluster = {
        SIGNATURE_KEY: RESOURCE_SIGNATURE,
        "urn": control_plane.urn,
        "id": control_plane.id,
        "packageVersion": "",
    }
    endpoint = made.get("endpoint", UNKNOWN)
    name = made["name"]
    kubeconfig: Any = (
        UNKNOWN if endpoint is UNKNOWN else {"clusters": [{"name": name, "cluster": {"server": endpoint}}]}
    )
    return {
        "eksCluster": cluster,
        "clusterSecurityGroupId": UNKNOWN if group is UNKNOWN else group.get("clusterSecurityGroupId", UNKNOWN),
        "kubeconfig": kubeconfig,
        "kubeconfigJson": UNKNOWN if has_unknown(kubeconfig) else json.dumps(kubeconfig),
        "core": {"cluster": cluster, "endpoint": endpoint, "vpcId": arguments.get("vpcId"), "kubeconfig": kubeconfig},
    }
