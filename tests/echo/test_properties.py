from tests.echo import properties
from tests.echo.properties import UNKNOWN, Secret


def test_values_survive_the_way_to_the_engine_and_back():
    values = {
        "text": "a",
        "whole": 3,
        "part": 0.5,
        "yes": True,
        "none": None,
        "list": [1, "b", {"c": []}],
        "hidden": Secret({"pw": "x"}),
        "later": UNKNOWN,
    }

    assert properties.decode(properties.encode(values)) == values


def test_a_whole_number_stays_a_whole_number():
    decoded = properties.decode(properties.encode({"replicas": 3}))

    assert isinstance(decoded["replicas"], int)


def test_an_output_value_of_the_engine_is_read_as_its_value():
    marked = {properties.SIGNATURE_KEY: properties.OUTPUT_VALUE_SIGNATURE, "value": "x", "secret": True}
    unknown = {properties.SIGNATURE_KEY: properties.OUTPUT_VALUE_SIGNATURE}

    assert properties.decode(properties.encode({"a": marked, "b": unknown})) == {"a": Secret("x"), "b": UNKNOWN}


def test_a_secret_never_shows_its_value_as_text():
    assert "hunter2" not in repr({"a": Secret("hunter2")})


def test_all_data_of_a_kubernetes_secret_is_hidden_even_if_the_program_did_not():
    hidden = properties.hide_secrets({"kind": "Secret", "data": {"pw": "eA=="}, "stringData": {"b": "x"}}, {})

    assert hidden["data"] == Secret({"pw": "eA=="})
    assert hidden["stringData"] == Secret({"b": "x"})


def test_a_list_is_hidden_whole_when_the_program_hid_one_element():
    live = {"spec": {"env": [{"name": "PW", "value": "x"}], "replicas": 1}}
    inputs = {"spec": {"env": [{"name": "PW", "value": Secret("x")}], "replicas": 1}}

    assert properties.hide_secrets(live, inputs) == {"spec": {"env": Secret(live["spec"]["env"]), "replicas": 1}}


def test_unknown_values_are_found_at_any_depth():
    assert properties.has_unknown({"a": [{"b": Secret({"c": UNKNOWN})}]})
    assert not properties.has_unknown({"a": [1, {"b": Secret("c")}]})
