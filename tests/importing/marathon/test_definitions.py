"""Definitions of Marathon as apps of a stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.importing.acceptance import accepted
from infra.importing.keys import Column
from infra.importing.marathon.json_file import MOST_VALUES
from infra.importing.marathon.mapper import import_marathon
from infra.importing.run import Imported
from infra.importing.stack_text import stack_text
from infra.plan.plan import plan_of_file
from infra.settings.problems import SettingsError

SHOP = Path(__file__).with_name("shop.json")
DOCKER = {"type": "DOCKER", "docker": {"image": "registry.example.com/one:1.0.0"}}


def imported(folder: Path, *documents: Any, stack: str | None = None) -> Imported:
    """Import files, each with one document, and let the loader take the result."""
    files = [folder / f"{index}.json" for index in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    result = import_marathon(files, stack)
    findings = accepted(result.draft, result.findings)
    assert [one.text for one in findings if one not in result.findings] == [], "what the loader refuses is foreseen"
    return Imported(draft=result.draft, findings=findings)


def app_of(folder: Path, **keys: Any) -> dict[str, Any]:
    """Import one app with a container, and return it."""
    return imported(folder, {"id": "/one", "container": DOCKER, **keys}).draft.apps["one"]


def column(result: Imported, *key: str | int) -> set[Column]:
    return {finding.column for finding in result.findings if finding.key[-len(key) :] == key}


def refusal(folder: Path, *documents: Any) -> str:
    with pytest.raises(SettingsError) as error:
        imported(folder, *documents)
    return str(error.value)


def test_a_group_is_a_stack_that_passes_in_dev(tmp_path: Path) -> None:
    result = imported(tmp_path, SHOP.read_text())
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(stack_text(result.draft))
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\n")
    assert plan_of_file(file, "dev").policies.mandatory == []
    assert (result.draft.name, list(result.draft.apps)) == ("shop", ["web", "api", "db"])
    assert result.draft.apps["web"]["dependsOn"] == ["api"]
    assert result.draft.apps["api"]["dependsOn"] == ["db"]


def test_names_that_several_apps_have_get_their_groups(tmp_path: Path) -> None:
    groups = [{"id": name, "apps": [{"id": "web", "cmd": "run"}]} for name in ("a", "b")]
    result = imported(tmp_path, {"id": "/shop", "groups": groups, "apps": [{"id": "api_1", "cmd": "run"}]})
    assert set(result.draft.apps) == {"a-web", "b-web", "api-1"}


def test_dependencies_may_be_relative_and_name_groups(tmp_path: Path) -> None:
    data = {"id": "data", "apps": [{"id": "db", "cmd": "db"}, {"id": "cache", "cmd": "cache"}]}
    web = {
        "id": "web",
        "dependencies": ["../data"],
        "apps": [{"id": "front", "cmd": "run", "dependencies": ["/other"]}],
    }
    result = imported(tmp_path, {"id": "/shop", "groups": [data, web]})
    assert result.draft.apps["front"]["dependsOn"] == ["db", "cache"]
    assert column(result, "front", "dependencies", 0) | column(result, "dependencies", 0) >= {
        Column.MISSING,
        Column.TAKEN,
    }


def test_an_app_is_told_the_port_that_mesos_would_have_chosen(tmp_path: Path) -> None:
    app = app_of(tmp_path, cmd="serve $PORT0 $PORT_ADMIN", portDefinitions=[{"port": 0}, {"port": 0, "name": "admin"}])
    assert (app["port"], app["ports"]) == (8080, {"admin": 8081})
    assert app["env"] == {"PORT0": "8080", "PORT": "8080", "PORT1": "8081", "PORT_ADMIN": "8081"}


@pytest.mark.parametrize(("vip", "served"), [("/shop/redis:6379", 6379), ("/shop/web:80", 8080)])
def test_a_chosen_port_is_the_one_by_which_others_call_the_app(vip: str, served: int, tmp_path: Path) -> None:
    mapped = {**DOCKER, "portMappings": [{"containerPort": 0, "name": "one", "labels": {"VIP_0": vip}}]}
    app = app_of(tmp_path, container=mapped, networks=[{"mode": "container/bridge"}])
    assert app["env"]["PORT0"] == str(served)
    assert served in {app.get("port"), *app.get("ports", {}).values()}


def test_a_task_reads_where_and_what_it_is(tmp_path: Path) -> None:
    app = app_of(tmp_path, cmd="run $HOST $MARATHON_APP_ID $MESOS_TASK_ID $MESOS_SANDBOX")
    assert app["env"]["HOST"] == {"field": "status.podIP"}
    assert app["env"]["MARATHON_APP_ID"] == "/one"
    assert app["env"]["MESOS_TASK_ID"] == {"field": "metadata.name"}
    assert app["volumes"]["sandbox"]["mount"] == app["env"]["MESOS_SANDBOX"]


@pytest.mark.parametrize(
    "ports",
    [
        {"container": {**DOCKER, "portMappings": [{"containerPort": 5432}]}},
        {"container": {"docker": {**DOCKER["docker"], "portMappings": [{"containerPort": 5432}]}}},
        {"portDefinitions": [{"port": 5432}]},
        {"ports": [5432]},
        {"ipAddress": {"discovery": {"ports": [{"number": 5432, "name": "sql", "protocol": "tcp"}]}}},
    ],
)
def test_each_form_of_ports_is_read(ports: dict[str, Any], tmp_path: Path) -> None:
    app = app_of(tmp_path, **ports)
    assert (app["kind"], list(app["ports"].values())) == ("worker", [5432])


def test_both_protocols_of_a_port_are_served(tmp_path: Path) -> None:
    app = app_of(tmp_path, portDefinitions=[{"port": 53, "protocol": "udp,tcp", "name": "dns"}])
    assert app["ports"] == {"dns": 53, "dns-udp": {"port": 53, "protocol": "udp"}}


def test_values_that_a_shell_reads_arrive_as_they_were(tmp_path: Path) -> None:
    app = app_of(tmp_path, cmd="echo $$ $(A) $(date)", env={"A": "1", "B": "$(A) ${A} $$ $A", "C": 1, "D": True})
    assert app["command"] == ["/bin/sh", "-c", "echo $$$ $$(A) $(date)"]
    assert app["env"] == {"A": "1", "B": "$$(A) $${A} $$$ $A", "C": "1", "D": "true"}


def test_a_secret_in_plain_text_is_named_and_written_nowhere(tmp_path: Path) -> None:
    value = "hunter2-XkT9aa81Lq"
    keys = {
        "env": {"DB_PASSWORD": value, "URL": f"postgres://me:{value}@db/x"},
        "args": ["--password", value, f"--token={value}"],
        "healthChecks": [{"protocol": "COMMAND", "command": {"value": f"curl -u me:{value} http://localhost"}}],
        "labels": {"api-token": value},
        "fetch": [{"uri": f"https://me:{value}@example.com/a.tgz"}],
    }
    result = imported(tmp_path, {"id": "/one", "container": DOCKER, **keys})
    said = stack_text(result.draft) + "".join(map(str, [*result.findings, *result.draft.steps]))
    assert value not in said
    assert {one["env"] for one in result.draft.apps["one"]["secrets"].values()} >= {"DB_PASSWORD", "URL"}
    assert "kubectl" in result.draft.steps[-1].command


def test_hosts_of_mesos_are_apps_here(tmp_path: Path) -> None:
    db = {"id": "/shop/db", "container": {**DOCKER, "portMappings": [{"containerPort": 5432, "servicePort": 10032}]}}
    env = {
        "A": "tcp://db-shop.marathon.mesos:5432",
        "B": "marathon-lb.marathon.mesos:10032",
        "C": "db-shop.marathon.containerip.dcos.thisdcos.directory",
        "D": "other.marathon.mesos:1",
    }
    result = imported(tmp_path, [db, {"id": "/shop/web", "container": DOCKER, "cmd": "run", "env": env}])
    found = result.draft.apps["web"]["env"]
    assert found == {"A": "tcp://db:10032", "B": "db:10032", "C": "db", "D": "other.marathon.mesos:1"}


@pytest.mark.parametrize(
    ("labels", "traffic"),
    [
        (
            {"HAPROXY_GROUP": "external", "HAPROXY_0_VHOST": "a.example.com,b.example.com"},
            {"hosts": ["a.example.com", "b.example.com"]},
        ),
        (
            {"HAPROXY_0_VHOST": "a.example.com", "HAPROXY_0_PATH": "/x", "HAPROXY_0_STICKY": "true"},
            {"host": "a.example.com", "path": "/x", "sticky": "1h"},
        ),
        ({"HAPROXY_GROUP": "external"}, {"host": "one.shop.example.com"}),
        ({"traefik.frontend.rule": "Host:a.example.com;PathPrefix:/y"}, {"host": "a.example.com", "path": "/y"}),
        (
            {"traefik.http.routers.r.rule": "Host(`a.example.com`) && PathPrefix(`/z`)"},
            {"host": "a.example.com", "path": "/z"},
        ),
    ],
)
def test_labels_of_a_load_balancer_are_the_public_address(
    labels: dict[str, str], traffic: dict[str, Any], tmp_path: Path
) -> None:
    app = imported(
        tmp_path, {"id": "/one", "container": DOCKER, "ports": [80], "labels": labels}, stack="shop"
    ).draft.apps
    assert app["one"]["traffic"] == traffic


@pytest.mark.parametrize(
    ("constraint", "to"),
    [
        (["@zone", "IS", "a"], {"topology.kubernetes.io/zone": "a"}),
        (["hostname", "CLUSTER", "node-1"], {"kubernetes.io/hostname": "node-1"}),
        (["rack", "LIKE", "r1"], {"rack": "r1"}),
        (["rack", "LIKE", "r[12]"], None),
        (["rack", "UNLIKE", "r1"], None),
        (["rack", "MAX_PER", "2"], None),
        (["hostname", "UNIQUE"], None),
    ],
)
def test_constraints_choose_nodes_where_a_label_can(
    constraint: list[str], to: dict[str, str] | None, tmp_path: Path
) -> None:
    assert app_of(tmp_path, constraints=[constraint]).get("placement", {}).get("labels") == to


@pytest.mark.parametrize(
    ("instances", "healthy", "over", "rollout"),
    [
        (1, 0, 0, {"strategy": "replace"}),
        (4, 1, 0.5, {"surge": "50%"}),
        (4, 0.5, 0, {"surge": "0%"}),
        (4, 1, 0, {"surge": "1%"}),
    ],
)
def test_updates_add_and_remove_as_many_as_they_did(
    instances: int, healthy: float, over: float, rollout: dict[str, str], tmp_path: Path
) -> None:
    strategy = {"minimumHealthCapacity": healthy, "maximumOverCapacity": over}
    assert app_of(tmp_path, instances=instances, upgradeStrategy=strategy)["rollout"] == rollout


def test_an_app_that_must_never_run_twice_is_replaced(tmp_path: Path) -> None:
    app = app_of(tmp_path, labels={"MARATHON_SINGLE_INSTANCE_APP": "true"}, taskKillGracePeriodSeconds=45)
    assert app["rollout"] == {"strategy": "replace", "finishWithin": "45s"}


@pytest.mark.parametrize("number", ["NaN", "-inf", 10**400], ids=["none", "endless", "long"])
def test_a_number_that_is_none_counts_as_left_out(number: str | int, tmp_path: Path) -> None:
    assert app_of(tmp_path, instances=number)["replicas"] == 1


def test_an_app_that_is_switched_off_stays_so(tmp_path: Path) -> None:
    assert app_of(tmp_path, instances=0)["replicas"] == 0


def test_local_volumes_of_several_instances_are_one_for_each(tmp_path: Path) -> None:
    volume = {"containerPath": "data", "mode": "RW", "persistent": {"size": 100}}
    app = app_of(tmp_path, instances=3, container={**DOCKER, "volumes": [volume]})
    assert (app["kind"], app["replicas"]) == ("stateful", 3)
    assert app["volumes"]["data"] == {"mount": "/mnt/mesos/sandbox/data", "size": "100Mi", "kind": "persistent"}


def test_what_opens_the_node_is_left_out_and_told(tmp_path: Path) -> None:
    volumes = [{"containerPath": "/sock", "hostPath": "/var/run/docker.sock", "mode": "RW"}]
    docker = {
        **DOCKER["docker"],
        "privileged": True,
        "network": "HOST",
        "parameters": [{"key": "cap-add", "value": "SYS_ADMIN"}],
    }
    result = imported(tmp_path, {"id": "/one", "container": {"docker": docker, "volumes": volumes}})
    found = {str(one.key[-1]) for one in result.findings if one.column is Column.DANGEROUS}
    assert found == {"hostPath", "privileged", "network", "0"}
    assert "docker.sock" not in stack_text(result.draft)


def test_a_folder_of_one_machine_becomes_a_disk_that_follows_the_pod(tmp_path: Path) -> None:
    volumes = [{"containerPath": "/data", "hostPath": "/srv/one", "mode": "RW"}]
    app = app_of(tmp_path, container={**DOCKER, "volumes": volumes})
    assert app["volumes"] == {"data": {"mount": "/data", "size": "1Gi", "kind": "persistent"}}


def test_a_database_of_postgresql_accepts_its_new_disk(tmp_path: Path) -> None:
    volumes = [{"containerPath": "/var/lib/postgresql/data", "hostPath": "/srv/one", "mode": "RW"}]
    app = app_of(tmp_path, container={**DOCKER, "volumes": volumes})
    assert app["env"]["PGDATA"] == "/var/lib/postgresql/data/pgdata"


def test_what_mesos_fetches_an_init_container_fetches(tmp_path: Path) -> None:
    uris = ["https://example.com/a.tgz", "file:///etc/docker.tar.gz"]
    result = imported(tmp_path, {"id": "/one", "cmd": "./run", "uris": uris})
    app = result.draft.apps["one"]
    assert "wget -qO a.tgz https://example.com/a.tgz; tar -xzf a.tgz" in app["init"]["fetch"]["command"][-1]
    assert app["command"][-1] == "cd /mnt/mesos/sandbox; ./run"
    assert "docker build" in result.draft.steps[0].command
    assert column(result, "uris", 1) == {Column.MISSING}


def test_a_pod_is_an_app_with_sidecars(tmp_path: Path) -> None:
    web = {
        "name": "web",
        "image": {"kind": "DOCKER", "id": "web:1"},
        "resources": {"cpus": 1, "mem": 64},
        "endpoints": [{"name": "http", "containerPort": 8000, "labels": {"VIP_0": "/web:80"}}],
        "healthCheck": {"http": {"endpoint": "http", "path": "/up"}},
        "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
    }
    log = {
        "name": "log",
        "exec": {"command": {"argv": ["tail", "-f", "/shared/log"]}, "overrideEntrypoint": True},
        "image": {"kind": "DOCKER", "id": "log:1"},
        "resources": {"cpus": 0.1, "mem": 32},
        "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
    }
    pod = {
        "id": "/p",
        "containers": [log, web],
        "volumes": [{"name": "shared"}],
        "scaling": {"kind": "fixed", "instances": 2},
    }
    app = imported(tmp_path, pod).draft.apps["p"]
    assert (app["image"], app["port"], app["servicePort"], app["replicas"]) == ("web:1", 8000, 80, 2)
    assert app["sidecars"]["log"]["command"] == ["tail", "-f", "/shared/log"]
    assert app["health"]["readiness"]["http"] == "/up"
    assert app["volumes"]["shared"]["mount"] == "/shared"


def test_in_a_large_group_only_those_that_are_named_are_called(tmp_path: Path) -> None:
    apps = [{"id": f"/all/a{index}", "container": DOCKER, "ports": [80 + index]} for index in range(12)]
    apps[0]["env"] = {"NEXT": "http://a1-all.marathon.mesos:81"}
    assert imported(tmp_path, apps).draft.apps["a0"]["allowTo"] == ["a1", "0.0.0.0/0"]


@pytest.mark.parametrize("holder", ["app", "apps"])
def test_what_the_api_answers_is_read(holder: str, tmp_path: Path) -> None:
    app = {"id": "/one", "cmd": "run", "args": None, "healthChecks": [], "backoffFactor": 1.15, "tasksRunning": 1}
    result = imported(tmp_path, {holder: app if holder == "app" else [app]})
    assert list(result.draft.apps) == ["one"]
    assert column(result, "backoffFactor") | column(result, "tasksRunning") | column(result, "args") == {Column.TAKEN}


def test_an_address_is_no_name_of_a_host(tmp_path: Path) -> None:
    labels = {"HAPROXY_0_VHOST": "192.0.2.7"}
    result = imported(tmp_path, {"id": "/one", "container": DOCKER, "ports": [80], "labels": labels})
    assert "traffic" not in result.draft.apps["one"]
    assert column(result, "HAPROXY_0_VHOST") == {Column.MISSING}


def test_the_same_id_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    one = {"id": "/one", "cmd": "run"}
    message = refusal(tmp_path, one, [{"id": "/two", "cmd": "run"}, one])
    assert "/one: is defined twice" in message
    assert "1.json:7" in message
    assert "0.json:2" in message


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{\n 'a': 1}", "0.json:2: is no JSON"),
        ('{"id": "/{{name}}", {{x}}}', "render the template first"),
        ('{"id": "/a",\n "cmd": "x",\n "cmd": "y"}', "0.json:3: cmd: is written twice, in lines 2 and 3"),
        ('{"id": "/a", "cpus": NaN}', "0.json:1: NaN is no number"),
        ("[" * 100_000, "nested more than"),
        ("[" * 60 + "]" * 60, "nested more than"),
        ('{"cmd": "run"}', "id: is required"),
        ('{"id": "x", "affectedApps": [], "steps": []}', "describes a deployment or a task"),
        ("[1]", "is no object"),
        ("{}", "describes no app"),
        ('{"id": "/shop", "apps": []}', "has groups and no app"),
    ],
)
def test_what_is_no_definition_is_refused_with_its_place(document: str, message: str, tmp_path: Path) -> None:
    assert message in refusal(tmp_path, document)


def test_a_file_of_more_values_than_a_stack_has_room_for_is_refused(tmp_path: Path) -> None:
    rows = ",\n".join(f'{{"id": "/all/a{index}", "cmd": "run", "env": {{"A": "1"}}}}' for index in range(21_000))
    assert f"has more than {MOST_VALUES:,} values" in refusal(tmp_path, f"[{rows}]")


def test_more_apps_than_a_stack_has_room_for_are_refused(tmp_path: Path) -> None:
    apps = [{"id": f"/all/a{index}", "cmd": "run"} for index in range(401)]
    assert "0.json: has 401 apps, and a stack file has room for 400" in refusal(tmp_path, apps)


def test_no_file_that_is_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for path, message in (
        (tmp_path, "no regular file"),
        (tmp_path / "none.json", "no such file"),
        (tmp_path / "binary.json", "UTF-8"),
    ):
        with pytest.raises(SettingsError, match=message):
            import_marathon([path], None)


def test_a_null_is_a_key_that_is_left_out(tmp_path: Path) -> None:
    nulls = dict.fromkeys(("cmd", "user", "env", "constraints", "upgradeStrategy", "nobodyKnowsIt", "instances", "mem"))
    check = {"protocol": "TCP", "portIndex": 0, "gracePeriodSeconds": None, "maxConsecutiveFailures": None}
    plain = {"portDefinitions": [{"port": 0}], "healthChecks": [{"protocol": "TCP", "portIndex": 0}]}
    given = {"id": "/one", "container": {**DOCKER, "volumes": None}, **plain, **nulls, "healthChecks": [check]}
    result = imported(tmp_path, given)
    assert result.draft.apps["one"] == app_of(tmp_path, **plain)
    for key in nulls:
        assert column(result, key) == {Column.TAKEN}
    assert column(result, "maxConsecutiveFailures") == {Column.TAKEN}


def test_in_a_large_group_one_that_names_nobody_may_call_all_as_before(tmp_path: Path) -> None:
    apps = [{"id": f"/all/a{index}", "container": DOCKER, "ports": [80 + index]} for index in range(12)]
    names = [f"a{index}" for index in range(1, 12)]
    assert imported(tmp_path, apps).draft.apps["a0"]["allowTo"] == [*names, "0.0.0.0/0"]


def test_a_readiness_check_gives_up_before_the_check_that_kills_for_the_same(tmp_path: Path) -> None:
    check = {"path": "/", "intervalSeconds": 10, "timeoutSeconds": 5}
    killing = {**check, "protocol": "MESOS_HTTP", "portIndex": 0, "maxConsecutiveFailures": 3}
    ready = {**check, "protocol": "HTTP", "portName": "web", "intervalSeconds": 60}
    ports = [{"port": 0, "name": "web"}]
    health = app_of(tmp_path, portDefinitions=ports, healthChecks=[killing], readinessChecks=[ready])["health"]
    assert (health["readiness"]["period"], health["readiness"]["failures"]) == ("1m", 1)
    assert (health["liveness"]["period"], health["liveness"]["failures"]) == ("10s", 7)


@pytest.mark.parametrize(
    "values",
    [({"secret": "s0"}, {"secret": "s1"}), ("hoot-hoot-1234", "hoot-hoot-5678"), ({"secret": "s0"}, "hoot-12")],
)
def test_containers_of_a_pod_with_different_secrets_under_one_name_do_not_share_one(
    values: tuple[Any, Any], tmp_path: Path
) -> None:
    def pod(first: Any, second: Any) -> dict[str, Any]:
        parts = {"image": {"kind": "DOCKER", "id": "one:1"}, "resources": {"cpus": 0.1, "mem": 32}}
        containers = [
            {"name": name, **parts, "environment": {"DB_PASSWORD": value}}
            for name, value in (("a", first), ("b", second))
        ]
        secrets = {"s0": {"source": "/one"}, "s1": {"source": "/two"}}
        return {"id": "/p", "containers": containers, "secrets": secrets}

    assert Column.MISSING in column(imported(tmp_path, pod(*values)), "environment", "DB_PASSWORD")
    same = imported(tmp_path, pod(values[0], values[0]))
    assert Column.MISSING not in column(same, "environment", "DB_PASSWORD")


def test_a_job_of_metronome_is_named_so(tmp_path: Path) -> None:
    job = {"id": "nightly", "labels": {}, "run": {"cmd": "report", "cpus": 0.1, "mem": 32}}
    assert "0.json:1: run: describes a job of Metronome" in refusal(tmp_path, json.dumps(job))


def test_in_a_small_group_one_that_names_another_may_still_call_all(tmp_path: Path) -> None:
    apps = [{"id": f"/all/a{index}", "container": DOCKER, "ports": [80 + index]} for index in range(3)]
    apps[0]["env"] = {"NEXT": "http://a1-all.marathon.mesos:81"}
    assert imported(tmp_path, apps).draft.apps["a0"]["allowTo"] == ["a1", "a2", "0.0.0.0/0"]


def test_what_of_the_strategy_for_lost_agents_is_taken_is_not_reported_as_missing(tmp_path: Path) -> None:
    strategy = {"inactiveAfterSeconds": 60, "expungeAfterSeconds": 120}
    result = imported(tmp_path, {"id": "/one", "container": DOCKER, "unreachableStrategy": strategy})
    assert result.draft.apps["one"]["availability"] == {"evictAfter": "60s"}
    assert column(result, "unreachableStrategy") == set()
    assert column(result, "unreachableStrategy", "inactiveAfterSeconds") == {Column.TAKEN}
    assert column(result, "unreachableStrategy", "expungeAfterSeconds") == {Column.DECIDED}
