from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from infra.settings.problems import SettingsError
from tests.harness import REPOSITORY
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.iam_evaluator import Call, allows
from tests.platforms.eks.stacks import run_stack, with_apps

SECRETS = {"session-key": "prod/web/session-key", "password": {"ref": "prod/db"}}
STEM = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return run_stack(with_apps({"web": {"secrets": SECRETS}, "plain": {}})).graph


@pytest.fixture(scope="module")
def policy(graph: Graph) -> dict[str, Any]:
    return json.loads(graph.one("RolePolicy", "app-web-secrets").props["policy"])


def pod(graph: Graph, app: str) -> dict[str, Any]:
    return graph.one("Deployment", app).props["spec"]["template"]["spec"]


def test_an_app_reads_its_secrets_as_files_below_run_secrets(graph: Graph) -> None:
    [mount] = [item for item in pod(graph, "web")["containers"][0]["volumeMounts"] if item["name"] == "secrets"]
    assert mount == {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True}
    objects = yaml.safe_load(graph.one("SecretProviderClass").props["spec"]["parameters"]["objects"])
    assert objects == [
        {"objectName": "prod/db", "objectType": "secretsmanager", "objectAlias": "password"},
        {"objectName": "prod/web/session-key", "objectType": "secretsmanager", "objectAlias": "session-key"},
    ]


def test_the_driver_uses_the_pods_own_identity(graph: Graph) -> None:
    parameters = graph.one("SecretProviderClass").props["spec"]["parameters"]
    assert (parameters["usePodIdentity"], parameters["region"]) == ("true", REGION)
    found = [made.props for made in graph.all("PodIdentityAssociation") if made.props["namespace"] == "apps"]
    assert [made["serviceAccount"] for made in found] == ["web"]
    assert pod(graph, "web")["serviceAccountName"] == "web"


def test_no_secret_is_copied_into_the_cluster_or_the_environment(graph: Graph) -> None:
    assert graph.all("kubernetes:core/v1:Secret") == []
    assert "secretObjects" not in graph.one("SecretProviderClass").props["spec"]
    assert "env" not in pod(graph, "web")["containers"][0]


VARIABLES = {
    "db_password": {"ref": "prod/db", "key": "password", "env": "DB_PASSWORD"},
    "db-user": {"ref": "prod/db", "key": "user-name"},
    "all": "prod/db",
    "token": {"ref": "prod/token", "key": "value"},
}


@pytest.fixture(scope="module")
def with_variables() -> Graph:
    return run_stack(with_apps({"web": {"secrets": VARIABLES, "init": {"first": {"command": ["first"]}}}})).graph


def test_a_secret_that_is_a_variable_comes_from_a_copy_that_pods_keep_by_mounting_it(with_variables: Graph) -> None:
    made = with_variables.one("SecretProviderClass").props
    name = made["metadata"]["name"]
    copied = {"objectName": "db_password", "key": "db_password"}
    assert made["spec"]["secretObjects"] == [{"secretName": name, "type": "Opaque", "data": [copied]}]
    spec = pod(with_variables, "web")
    for container in [*spec["initContainers"], *spec["containers"]]:
        [variable] = [item for item in container["env"] if item["name"] == "DB_PASSWORD"]
        assert variable["valueFrom"]["secretKeyRef"] == {"name": name, "key": "db_password"}
        assert any(mount["name"] == "secrets" for mount in container["volumeMounts"])


def test_keys_of_a_secret_are_files_of_their_own_and_each_secret_is_fetched_once(with_variables: Graph) -> None:
    objects = yaml.safe_load(with_variables.one("SecretProviderClass").props["spec"]["parameters"]["objects"])
    assert [(one["objectName"], one["objectAlias"]) for one in objects] == [
        ("prod/db", "all"),
        ("prod/token", ".token.json"),
    ]
    assert objects[0]["jmesPath"] == [
        {"path": '"user-name"', "objectAlias": "db-user"},
        {"path": "password", "objectAlias": "db_password"},
    ]


def test_the_driver_may_write_secrets_only_where_an_app_has_one_as_a_variable(
    graph: Graph, with_variables: Graph
) -> None:
    def of(made: Graph) -> dict[str, Any]:
        addon = made.one("Addon", "aws-secrets-store-csi-driver-provider")
        return json.loads(addon.props["configurationValues"])["secrets-store-csi-driver"]

    assert of(with_variables)["syncSecret"] == {"enabled": True}
    assert "syncSecret" not in of(graph)


def test_an_app_without_secrets_has_no_role_and_no_volume(graph: Graph) -> None:
    assert graph.all("Role")
    assert [made.name for made in graph.all("nightowl:eks:AppSecrets")] == ["web"]
    assert all(volume["name"] != "secrets" for volume in pod(graph, "plain").get("volumes", []))


def test_other_secrets_make_other_pods() -> None:
    names = set()
    for reference in ("prod/one", "prod/two"):
        graph = run_stack(with_apps({"web": {"secrets": {"key": reference}}})).graph
        [volume] = [item for item in pod(graph, "web")["volumes"] if item["name"] == "secrets"]
        assert volume["csi"]["driver"] == "secrets-store.csi.k8s.io"
        assert volume["csi"]["readOnly"] is True
        name = volume["csi"]["volumeAttributes"]["secretProviderClass"]
        assert name == graph.one("SecretProviderClass").props["metadata"]["name"]
        names.add(name)
    assert len(names) == 2


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("prod/web/session-key-AbC123", True),
        ("prod/db-AbC123", True),
        ("prod/api/session-key-AbC123", False),
        ("prod/db-master-AbC123", False),
        ("prod/db", False),
    ],
    ids=["its own", "its other one", "another app's", "one that begins alike", "a name without the suffix"],
)
def test_the_role_reads_the_apps_own_secrets_only(policy: dict[str, Any], resource: str, allowed: bool) -> None:
    call = Call(action="secretsmanager:GetSecretValue", resource=f"{STEM}:{resource}")
    assert allows(policy, call) is allowed


@pytest.mark.parametrize("action", ["PutSecretValue", "DeleteSecret", "ListSecrets", "UpdateSecret"])
def test_the_role_changes_no_secret(policy: dict[str, Any], action: str) -> None:
    assert not allows(policy, Call(action=f"secretsmanager:{action}", resource=f"{STEM}:prod/db-AbC123"))


THROUGH = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
OF_SECRET = {"kms:EncryptionContext:SecretARN": f"{STEM}:prod/db-AbC123"}


@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        ({**THROUGH, **OF_SECRET}, True),
        (OF_SECRET, False),
        ({**THROUGH, "kms:EncryptionContext:SecretARN": f"{STEM}:other-AbC123"}, False),
        (THROUGH, False),
    ],
    ids=["its secret through Secrets Manager", "by itself", "another secret", "something that is no secret"],
)
def test_the_key_decrypts_the_apps_own_secrets_through_secrets_manager_only(
    graph: Graph, policy: dict[str, Any], context: dict[str, str], allowed: bool
) -> None:
    key = next(statement for statement in policy["Statement"] if statement["Sid"] == "Decrypt")["Resource"][0]
    assert graph.one("Key", "secrets").urn
    assert allows(policy, Call(action="kms:Decrypt", resource=key, context=context)) is allowed


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (
            "prod:key",
            "nightowl:apps.web.secrets.key: is not the name of a secret in AWS Secrets Manager, such as "
            "prod/web/session-key",
        ),
    ],
    ids=["no name"],
)
def test_what_cannot_be_delivered_is_refused_in_one_line(secret: Any, message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        with_apps({"web": {"secrets": {"key": secret}}})
    assert str(refusal.value) == message


PRIVATE = {"pullSecrets": ["prod/ghcr", "prod/quay"]}


@pytest.fixture(scope="module")
def private() -> Graph:
    apps = {"web": PRIVATE, "other": {"pullSecrets": ["prod/ghcr"]}, "plain": {}}
    return run_stack(with_apps(apps)).graph


def _pull_secrets(graph: Graph, app: str) -> list[str]:
    return [one["name"] for one in pod(graph, app).get("imagePullSecrets", [])]


def test_a_pod_of_another_app_keeps_the_secrets_that_pull_images_before_any_pod_needs_them(private: Graph) -> None:
    made = private.one("SecretProviderClass").props["spec"]
    objects = {one["objectAlias"]: one["objectName"] for one in yaml.safe_load(made["parameters"]["objects"])}
    ghcr, quay = sorted(objects, key=lambda name: objects[name])
    assert made["secretObjects"] == [
        {
            "secretName": name,
            "type": "kubernetes.io/dockerconfigjson",
            "data": [{"objectName": name, "key": ".dockerconfigjson"}],
        }
        for name in sorted(objects)
    ]
    assert (objects[ghcr], objects[quay]) == ("prod/ghcr", "prod/quay")
    assert _pull_secrets(private, "web") == [ghcr, quay]
    assert _pull_secrets(private, "other") == [ghcr]
    assert _pull_secrets(private, "plain") == []
    keeper = private.one("Deployment", "pull-secrets")
    assert private.waits_for(private.one("Deployment", "web"), keeper)
    assert private.waits_for(private.one("Deployment", "other"), keeper)
    assert not private.waits_for(private.one("Deployment", "plain"), keeper)


def test_the_keeper_is_ready_only_when_the_secrets_are_there_and_survives_the_loss_of_a_node(private: Graph) -> None:
    spec = pod(private, "pull-secrets")
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    mounted = {mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    waited_for = [one["secret"]["name"] for one in volumes["pull-secrets"]["projected"]["sources"]]
    assert sorted(waited_for) == sorted(_pull_secrets(private, "web"))
    assert all("optional" not in one["secret"] for one in volumes["pull-secrets"]["projected"]["sources"])
    assert {"secrets", "pull-secrets"} <= mounted
    assert private.one("Deployment", "pull-secrets").props["spec"]["replicas"] == 2
    assert "imagePullSecrets" not in spec


def test_only_the_keepers_role_reads_what_pulls_images_and_the_driver_may_write_secrets(private: Graph) -> None:
    policies = [made for made in private.all("RolePolicy") if made.name.startswith("app-")]
    assert [made.name for made in policies] == ["app-pull-secrets-secrets"]
    [read, _] = json.loads(policies[0].props["policy"])["Statement"]
    assert read["Resource"] == [f"{STEM}:prod/ghcr-??????", f"{STEM}:prod/quay-??????"]
    addon = json.loads(private.one("Addon", "aws-secrets-store-csi-driver-provider").props["configurationValues"])
    assert addon["secrets-store-csi-driver"]["syncSecret"] == {"enabled": True}


def test_a_certificate_is_a_folder_of_its_own_and_no_copy_of_it_is_made() -> None:
    secrets = {"site_cert": {"ref": "prod/cert", "tls": True}, "token": "prod/token"}
    graph = run_stack(with_apps({"web": {"secrets": secrets}})).graph
    classes = {made.name: made.props for made in graph.all("SecretProviderClass")}
    certificate = classes["web.site_cert-tls"]
    assert "secretObjects" not in certificate["spec"]
    assert yaml.safe_load(certificate["spec"]["parameters"]["objects"]) == [
        {
            "objectName": "prod/cert",
            "objectType": "secretsmanager",
            "objectAlias": ".tls.json",
            "jmesPath": [
                {"path": '"tls.crt"', "objectAlias": "tls.crt"},
                {"path": '"tls.key"', "objectAlias": "tls.key"},
            ],
        }
    ]
    spec = pod(graph, "web")
    volumes = {volume["name"]: volume["csi"] for volume in spec["volumes"] if "csi" in volume}
    mounts = {mount["mountPath"]: mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    used = {
        path: volumes[name]["volumeAttributes"]["secretProviderClass"]
        for path, name in mounts.items()
        if name in volumes
    }
    assert used == {
        "/run/tls/site_cert": certificate["metadata"]["name"],
        "/run/secrets": classes["web-secrets"]["metadata"]["name"],
    }


def test_a_new_value_reaches_files_within_the_hour_and_restarts_no_pod(graph: Graph) -> None:
    page = (REPOSITORY / "docs" / "applications.md").read_text(encoding="utf-8")
    assert "A new value restarts no pod, on no platform" in page
    assert "On EKS the files change within the hour" in page
    driver = json.loads(graph.one("Addon", "aws-secrets-store-csi-driver-provider").props["configurationValues"])
    rotation = driver["secrets-store-csi-driver"]
    assert (rotation["enableSecretRotation"], rotation["rotationPollInterval"]) == (True, "1h")
    # A file that is mounted by itself would keep its value.
    assert all("subPath" not in mount for mount in pod(graph, "web")["containers"][0]["volumeMounts"])
