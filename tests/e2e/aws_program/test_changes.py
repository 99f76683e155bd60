"""Changes of a live stack on the real engine, beside an account that allows once what AWS allows once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.engine.outcome import DeploymentFailedError
from tests.e2e.aws_program.recorded import recorded
from tests.e2e.aws_program.stack import REPOSITORY, EchoStack, echo_stack
from tests.echo.account import Object
from tests.echo.journal import too_early

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DEV = REPOSITORY / "stacks" / "Pulumi.dev.yaml"
ACCOUNT = "arn:aws:iam::111122223333:role"
IMAGE = "ghcr.io/example/db:1.0.0@sha256:" + "0" * 64
Sections = dict[str, Any]


def tcp_app(**more: Any) -> dict[str, Any]:
    return {"image": IMAGE, "port": 5432, "traffic": {"protocol": "tcp"}, "replicas": 2, **more}


def with_a_tcp_app(sections: Sections) -> None:
    sections["apps"]["db"] = tcp_app()
    sections["cluster"]["access"]["breakGlass"] = f"{ACCOUNT}/on-call"
    sections["cluster"]["access"]["namespaces"] = {"shop": {"editors": [f"{ACCOUNT}/team"]}}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoStack]:
    """The dev stack with an app behind each load balancer, made."""
    with echo_stack(tmp_path_factory.mktemp("changes"), DEV, with_a_tcp_app, policies=False) as stack:
        stack.up()
        yield stack


def change(dev: EchoStack, edit: Callable[[Sections], None]) -> None:
    """Deploy an edit; what the account then has is what the engine believes in."""
    dev.edit(edit)
    dev.up()
    assert dev.lost() == []
    assert dev.left_over() == []


def take_back(dev: EchoStack) -> None:
    dev.restore()
    dev.up()
    assert dev.lost() == []
    assert dev.left_over() == []


def one(dev: EchoStack, kind: str, **inputs: Any) -> Object:
    [found] = [each for each in dev.account.all(kind) if all(each.inputs.get(key) == inputs[key] for key in inputs)]
    return found


def test_a_domain_comes_and_goes_and_plain_http_changes_in_place(dev: EchoStack) -> None:
    def without_domain(sections: Sections) -> None:
        del sections["loadBalancer"]["domain"]
        sections["apps"]["web"]["traffic"] = {}
        # Pull requests need a domain to lie in.
        del sections["delivery"]

    plain = one(dev, "Listener", port=80).id
    change(dev, without_domain)
    assert one(dev, "Listener", port=80).inputs["defaultActions"][0]["type"] == "fixed-response"
    take_back(dev)
    assert one(dev, "Listener", port=80).inputs["defaultActions"][0]["type"] == "redirect"
    assert one(dev, "Listener", port=80).id == plain


def test_a_tcp_app_takes_over_the_listener_of_the_one_that_it_was(dev: EchoStack) -> None:
    def renamed(sections: Sections) -> None:
        sections["apps"]["queue"] = sections["apps"].pop("db")

    listener = one(dev, "Listener", port=5432).id
    change(dev, renamed)
    assert one(dev, "Listener", port=5432).id == listener
    assert one(dev, "Listener", port=5432).inputs["tags"]["app"] == "queue"
    take_back(dev)


def test_a_load_balancer_is_turned_with_new_target_groups_and_the_names_move_last(dev: EchoStack) -> None:
    def private(sections: Sections) -> None:
        sections["loadBalancer"]["public"] = False

    change(dev, private)
    made = recorded(dev.state())
    [name] = [each for each in made.all("Record") if each.inputs["type"] == "A"]
    way = [*made.all("ListenerRule"), *[each for each in made.all("TargetGroupBinding") if "http" in each.name]]
    assert len(way) == 2
    assert [each.label for each in way if each.urn not in made.needs(name)] == []
    moved = dev.journal.of("update", "Record")
    assert too_early(moved, dev.journal.of("create", "ListenerRule")) == []
    assert too_early(moved, dev.journal.of("create", "TargetGroupBinding", "web-http")) == []
    assert too_early(dev.journal.of("delete", "LoadBalancer"), moved) == []
    take_back(dev)


def test_priorities_are_swapped(dev: EchoStack) -> None:
    def prioritised(web: int, api: int) -> Callable[[Sections], None]:
        def edit(sections: Sections) -> None:
            sections["apps"]["api"] = {"image": IMAGE, "port": 9898, "traffic": {"host": "api.dev.example.com"}}
            sections["loadBalancer"]["priorities"] = {"web": web, "api": api}

        return edit

    change(dev, prioritised(1000, 2000))
    change(dev, prioritised(2000, 1000))
    apps = {rule.inputs["priority"]: rule.inputs["tags"]["app"] for rule in dev.account.all("ListenerRule")}
    assert apps == {2000: "web", 1000: "api"}
    take_back(dev)


def test_what_was_reserved_goes_back_and_roles_change_their_place(dev: EchoStack) -> None:
    def reserved(sections: Sections) -> None:
        sections["cluster"] |= {"tier": "tier-xl", "autoscalerSync": "10s"}

    def own_pace(sections: Sections) -> None:
        access = sections["cluster"]["access"]
        sections["cluster"]["tier"] = "tier-xl"
        access["admins"] = [access.pop("breakGlass")]
        access["namespaces"]["blog"] = {"editors": [f"{ACCOUNT}/team"]}

    change(dev, reserved)
    # From here the tier alone would take the period along.
    dev.restore()
    with pytest.raises(
        DeploymentFailedError, match=r"nightowl:cluster\.tier: the control plane still decides every 10s"
    ):
        dev.preview()
    change(dev, own_pace)
    [entry] = [each for each in dev.account.all("AccessEntry") if each.inputs["principalArn"] == f"{ACCOUNT}/on-call"]
    assert entry.outputs["userName"] == "arn:aws:sts::111122223333:assumed-role/on-call/{{SessionName}}"
    [grant] = [
        each for each in dev.account.all("AccessPolicyAssociation") if each.inputs["principalArn"] == f"{ACCOUNT}/team"
    ]
    assert sorted(grant.inputs["accessScope"]["namespaces"]) == ["blog", "shop"]
    take_back(dev)
    assert one(dev, "aws:eks/cluster:Cluster").outputs["controlPlaneScalingConfig"] == {"tier": "standard"}


def test_tags_nodes_nat_firewall_and_delivery_change(dev: EchoStack) -> None:
    def other(sections: Sections) -> None:
        sections["platform"]["tags"] = {"team": "shop"}
        sections["network"] |= {"nat": "perZone", "interfaceEndpoints": ["sts"]}
        sections["nodePools"]["apps"] |= {"os": "bottlerocket", "capacity": "onDemand", "max": 8}
        sections["nodePools"]["batch"] = {"instanceTypes": ["m7g.xlarge"], "min": 0, "max": 4}
        sections["loadBalancer"]["waf"] = True
        sections["apps"]["web"]["secrets"] = {"key": "dev/web/key"}
        sections["apps"]["db"] |= {"volumes": {"data": {"mount": "/data", "size": "1Gi"}}}
        del sections["delivery"]

    change(dev, other)
    take_back(dev)


@pytest.mark.parametrize(
    ("section", "key", "value"), [("network", "cidr", "10.99.0.0/16"), ("network", "zones", 3)], ids=["cidr", "zones"]
)
def test_what_is_chosen_for_good_is_refused_at_preview_and_nothing_is_touched(
    dev: EchoStack, section: str, key: str, value: object
) -> None:
    def edit(sections: Sections) -> None:
        sections[section][key] = value

    dev.edit(edit)
    with pytest.raises(DeploymentFailedError, match=rf"nightowl:{section}\.{key}: .* for good"):
        dev.preview()
    with pytest.raises(DeploymentFailedError, match=rf"nightowl:{section}\.{key}: .* for good"):
        dev.up()
    assert dev.journal.changing() == []
    dev.restore()


def test_a_destroy_of_a_protected_stack_deletes_nothing_though_nobody_previewed_it(dev: EchoStack) -> None:
    def protect(sections: Sections) -> None:
        sections["platform"]["protect"] = True

    change(dev, protect)
    # The Automation API destroys without a preview, as `--skip-preview` does.
    with pytest.raises(DeploymentFailedError, match=r"platform\.protect"):
        dev.destroy()
    assert dev.journal.changing() == []
    assert dev.lost() == []
    take_back(dev)
    dev.destroy()
    assert sorted(each.type for each in dev.account.objects.values()) == [
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        "aws:route53/record:Record",
    ]
