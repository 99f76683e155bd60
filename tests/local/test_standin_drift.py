from typing import Any

from infra.local.standin import drift


def pod_template(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web", **container}]}}


INPUTS = pod_template(image="x:1", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], cpu="1000m")
APPLIED = pod_template(
    image="x:1", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], cpu="1", imagePullPolicy="Always"
)


def test_an_untouched_object_gives_the_inputs_back_whatever_the_servers_spelling():
    live = {**APPLIED, "status": {"ready": 1}}

    assert drift.live_inputs(INPUTS, live, APPLIED) == INPUTS


def test_a_hand_edit_of_one_value_shows_at_that_value_only():
    live = pod_template(
        image="x:1",
        env=[{"name": "A", "value": "hacked"}, {"name": "B", "value": "2"}],
        cpu="1",
        imagePullPolicy="Always",
    )
    found = drift.live_inputs(INPUTS, live, APPLIED)

    assert found["spec"]["containers"][0]["env"] == [{"name": "A", "value": "hacked"}, {"name": "B", "value": "2"}]
    assert found["spec"]["containers"][0]["cpu"] == "1000m"


def test_a_removed_element_shows():
    live = pod_template(image="x:1", env=[{"name": "B", "value": "2"}], cpu="1")
    found = drift.live_inputs(INPUTS, live, APPLIED)

    assert found["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_an_element_that_somebody_else_owns_does_not_show():
    extra = {"name": "C", "value": "3"}
    live, applied = pod_template(env=[{"name": "A"}, extra]), pod_template(env=[{"name": "A"}, extra])

    assert drift.live_inputs(pod_template(env=[{"name": "A"}]), live, applied) == pod_template(env=[{"name": "A"}])


def test_an_element_added_to_a_list_that_the_program_owns_whole_shows():
    found = drift.live_inputs({"args": ["a"]}, {"args": ["a", "b"]}, {"args": ["a"]})

    assert found == {"args": ["a", "b"]}


def test_a_removed_field_shows():
    assert drift.live_inputs({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1", "b": "2"}) == {"a": "1"}


def test_a_field_the_program_does_not_set_never_shows():
    assert drift.live_inputs({"min": 1}, {"min": 1, "replicas": 9}, {"min": 1, "replicas": 2}) == {"min": 1}


def test_elements_with_the_same_key_are_compared_by_place():
    spread = [{"topologyKey": "zone", "skew": 1}, {"topologyKey": "zone", "skew": 2}]
    edited = [{"topologyKey": "zone", "skew": 1}, {"topologyKey": "zone", "skew": 9}]

    assert drift.live_inputs({"spread": spread}, {"spread": edited}, {"spread": spread}) == {"spread": edited}


def test_an_object_whose_inputs_cannot_be_tried_is_cut_to_the_shape_of_the_inputs():
    live = {"spec": {"ports": [{"port": 81, "protocol": "TCP"}], "type": "ClusterIP"}, "status": {}}

    assert drift.shaped(live, {"spec": {"ports": [{"port": 80}]}}) == {
        "spec": {"ports": [{"port": 81, "protocol": "TCP"}]}
    }
