"""A plan, or the difference of two, as JSON for scripts."""

from __future__ import annotations

import dataclasses
from typing import Any

from infra.plan.access import Access
from infra.plan.builds import Builds
from infra.plan.charts import addition_plans
from infra.plan.difference import Difference
from infra.plan.durations import duration
from infra.plan.graph import Graph, Resource
from infra.plan.plan import Plan
from infra.plan.schedule import ScheduledResource
from policies.evaluation import Evaluation


def plan_document(plan: Plan) -> dict[str, Any]:
    """Describe the whole plan; times are seconds from the start of `pulumi up`."""
    graph, steps = plan.graph, plan.schedule.steps
    return {
        "project": graph.project,
        "stack": graph.stack,
        "warnings": list(graph.warnings),
        "resourceCount": len(graph.made),
        "counts": dict(graph.counts),
        "servingSeconds": plan.serving_seconds,
        "totalSeconds": plan.schedule.total_seconds,
        "slowestChain": [_step(step) for step in plan.slowest_chain],
        "apps": [
            {
                **_fields(app),
                "objects": [{"kind": item.kind, "urn": item.urn} for item in app.objects],
                "claims": [_fields(claim) for claim in app.claims],
            }
            for app in plan.apps
        ],
        "additions": [_fields(one) for one in addition_plans(graph)],
        "builds": _with_doubts(plan.builds) if plan.builds else None,
        "access": [_with_doubts(one) for one in plan.access],
        "addresses": [_fields(address) for address in plan.addresses],
        "statements": [_fields(statement) for statement in plan.statements],
        "documents": [{**_fields(one), "room": one.room} for one in plan.document_lengths],
        "policies": _policies(plan.policies),
        "resources": [_resource(graph, steps[item.urn]) for item in graph],
        "outputs": dict(graph.outputs),
    }


def difference_document(difference: Difference) -> dict[str, Any]:
    """Describe how two stacks differ."""
    return {
        **_fields(difference),
        "added": [_identity(item) for item in difference.added],
        "removed": [_identity(item) for item in difference.removed],
        "changed": [
            {**_identity(item.resource), "changes": [_fields(change) for change in item.changes]}
            for item in difference.changed
        ],
    }


def _policies(found: Evaluation) -> dict[str, Any]:
    return {
        "rules": found.rules,
        "violations": [
            {
                "rule": one.rule.name,
                "level": one.level.value,
                "severity": one.rule.severity.value,
                "urn": one.urn,
                "resource": one.resource,
                "key": one.key,
                "place": one.place,
                "message": one.message,
                "protectsFrom": one.reason,
                "remediation": one.remedy,
                # Where to read on about the resource, which is no subject of whoever wrote a stack file.
                "url": "" if one.key else one.rule.url,
            }
            for one in found.violations
        ],
        "undecided": [
            {"rule": one.rule.name, "resource": one.resource, "message": one.message} for one in found.undecided
        ],
    }


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _with_doubts(value: Access | Builds) -> dict[str, Any]:
    return {**_fields(value), "doubts": [str(doubt) for doubt in value.doubts]}


def _step(step: ScheduledResource) -> dict[str, Any]:
    return {
        **_identity(step.resource),
        "urn": step.resource.urn,
        "start": step.start,
        "end": step.end,
        "source": duration(step.resource).source,
    }


def _identity(resource: Resource) -> dict[str, Any]:
    return {"type": resource.type, "name": resource.name}


def _resource(graph: Graph, step: ScheduledResource) -> dict[str, Any]:
    resource = step.resource
    return {
        **_identity(resource),
        "urn": resource.urn,
        "parent": resource.parent or None,
        "provider": resource.provider or None,
        "protect": resource.protect,
        "waitsFor": sorted(resource.waits_for & graph.by_urn.keys()),
        "inputs": dict(resource.props),
        "start": step.start,
        "end": step.end,
    }
