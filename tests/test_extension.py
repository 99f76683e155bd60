"""A project with own Pulumi code: planned as docs/extending.md has it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.errors import NightowlError, UsageError
from infra.extension import load_extension
from infra.plan.document import plan_document
from infra.plan.plan import Plan, plan_of_file
from policies.levels import Level
from tests.apps.samples import IMAGE
from tests.harness import REPOSITORY
from tests.settings.every_form import EXISTING, ON_EKS

PAGE = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")
BUCKET_CODE, DATABASE_CODE, PROGRAM = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
BUCKET_KEYS, DATABASE_FILE = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
EKS: dict[str, Any] = {**ON_EKS, "cluster": {"access": {"deployers": ["arn:aws:iam::111122223333:role/deployer"]}}}
WEB: dict[str, Any] = {"image": IMAGE, "port": 8080}


def planned(folder: Path, code: str, sections: dict[str, Any], **app: Any) -> Plan:
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "extend.py").write_text(code)
    (folder / "stacks").mkdir(exist_ok=True)
    file = folder / "stacks" / "Pulumi.prod.yaml"
    sections = {**sections, "apps": {"web": {**WEB, **app}}}
    file.write_text(yaml.safe_dump({"config": {f"nightowl:{key}": value for key, value in sections.items()}}))
    return plan_of_file(file, "prod")


def of_name(plan: Plan, type_: str, name: str) -> Any:
    (found,) = (one for one in plan.graph.of_type(type_) if one.name == name)
    return found


def container(plan: Plan) -> dict[str, Any]:
    props: Any = of_name(plan, "kubernetes:apps/v1:Deployment", "web").props
    return props["spec"]["template"]["spec"]["containers"][0]


def violations_of_own_code(plan: Plan) -> list[str]:
    found = (one for one in plan.policies.violations if one.level is Level.MANDATORY)
    return [f"{one.rule.name}: {one.resource}" for one in found if not one.key]


def test_an_app_names_a_bucket_of_own_code_without_its_arn(tmp_path: Path) -> None:
    plan = planned(tmp_path, BUCKET_CODE, EKS, **BUCKET_KEYS)
    bucket = "uploads-(made at up)"
    assert container(plan)["env"] == [{"name": "BUCKET", "value": bucket}]
    statements = json.loads(of_name(plan, "aws:iam/rolePolicy:RolePolicy", "app-web-permissions").props["policy"])
    resources = [resource for one in statements["Statement"] for resource in one["Resource"]]
    assert resources == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert plan_document(plan)["outputs"]["own"] == {"uploads": bucket}
    assert [one.line for one in plan.access] == ["web may read and write s3 output uploads"]
    assert violations_of_own_code(plan) == []


def test_a_database_of_own_code_hands_its_secret_to_an_app(tmp_path: Path) -> None:
    app = DATABASE_FILE["config"]["nightowl:apps"]["web"]
    plan = planned(tmp_path, DATABASE_CODE, EKS, **app)
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-database-(made at up)"
    (made,) = plan.graph.of_type("kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass")
    (secret,) = yaml.safe_load(made.props["spec"]["parameters"]["objects"])
    assert (secret["objectName"], secret["jmesPath"]) == (
        arn,
        [{"path": "password", "objectAlias": "database-password"}],
    )
    policy = json.loads(of_name(plan, "aws:iam/rolePolicy:RolePolicy", "app-web-permissions").props["policy"])
    assert [one["Resource"] for one in policy["Statement"] if "secretsmanager:GetSecretValue" in one["Action"]] == [
        [arn]
    ]
    assert container(plan)["env"][0]["value"].startswith("database.")
    assert violations_of_own_code(plan) == []


def test_the_same_app_runs_on_a_cluster_that_is_there(tmp_path: Path) -> None:
    app = DATABASE_FILE["config"]["nightowl:apps"]["web"]
    plan = planned(tmp_path, DATABASE_CODE, dict(EXISTING), **app)
    props: Any = of_name(plan, "kubernetes:apps/v1:Deployment", "web").props
    (volume,) = [one for one in props["spec"]["template"]["spec"]["volumes"] if one["name"] == "secrets"]
    (source,) = volume["projected"]["sources"]
    assert source["secret"]["name"] == "postgres"
    assert source["secret"]["items"] == [{"key": "password", "path": "database-password"}]


def test_own_code_that_comes_after_gets_the_apps(tmp_path: Path) -> None:
    code = """
import pulumi_kubernetes as k8s

def after_apps(stack, apps):
    k8s.core.v1.ConfigMap("addresses", metadata={"namespace": stack.namespace}, data={"web": apps["web"].service})
"""
    made = of_name(planned(tmp_path, code, dict(EXISTING)), "kubernetes:core/v1:ConfigMap", "addresses")
    assert made.props["data"] == {"web": "web.apps:8080"}


UPLOADS = 'def before_apps(stack):\n    return {"uploads": "bucket"}\n'


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (
            {"env": {"BUCKET": {"output": "upload"}}},
            "nightowl:apps.web.env.BUCKET: the stack's own code returns no output 'upload'; did you mean 'uploads'?",
        ),
        (
            {"secrets": {"key": {"ref": {"output": "zzz"}, "key": "password"}}},
            "nightowl:apps.web.secrets.key.ref: the stack's own code returns no output 'zzz'; it returns uploads",
        ),
    ],
    ids=["variable", "secret"],
)
def test_an_output_that_nobody_returns_is_refused_with_those_that_there_are(
    tmp_path: Path, app: dict[str, Any], message: str
) -> None:
    with pytest.raises(NightowlError, match=r"\.yaml:[0-9]+: " + re.escape(message)):
        planned(tmp_path, UPLOADS, dict(EXISTING), **app)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\n", "defines neither before_apps nor after_apps"),
        ("def before_apps(stack):\n    return ['uploads']\n", "before_apps returns no mapping"),
        ("def before_apps(stack):\n    return {'a b': 'c'}\n", "'a b' is not the name of an output"),
        ("def before_apps(stack):\n    return {'port': 5432}\n", "the output port is a int; return a text"),
    ],
    ids=["neither function", "a list", "a name with a space", "a number"],
)
def test_own_code_that_does_not_fit_is_refused_in_one_line(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        planned(tmp_path, code, dict(EXISTING))


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("def before_apps(stack):\n    raise ValueError('boom')\n", 2, "ValueError: boom"),
        ("import nosuchmodule\n", 1, "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("def before_apps(stack)\n    pass\n", 1, "SyntaxError: "),
        ("def before_apps(stack):\n    return {'name': stack.aws.name}\n", 2, "AttributeError: "),
        ("def after_apps(stack, apps):\n    apps['nope']\n", 2, "KeyError: 'nope'"),
        ("import sys\ndef before_apps(stack):\n    sys.exit(0)\n", 3, "ends the program: 0"),
    ],
    ids=["raises", "imports", "syntax", "no AWS here", "after", "exits"],
)
def test_an_error_or_an_exit_of_own_code_is_told_with_its_line(
    tmp_path: Path, code: str, line: int, message: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(f"extend.py:{line}: {message}")):
        planned(tmp_path, code, dict(EXISTING))


def test_own_code_without_a_parameter_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"extend\.py: TypeError: before_apps\(\) takes 0 positional arguments"):
        planned(tmp_path, "def before_apps():\n    return {}\n", dict(EXISTING))


def test_a_package_finds_its_own_modules_and_a_project_without_code_has_none(tmp_path: Path) -> None:
    assert load_extension(tmp_path).before_apps is None
    package = tmp_path / "extend"
    package.mkdir()
    (package / "__init__.py").write_text("from extend.bucket import before_apps\n")
    (package / "bucket.py").write_text(UPLOADS)
    assert load_extension(tmp_path).before_apps is not None


def test_the_program_of_this_project_is_the_one_of_every_project() -> None:
    own = (REPOSITORY / "infra" / "__main__.py").read_text(encoding="utf-8")
    assert own.partition('"""\n\n')[2] == PROGRAM


def test_where_a_pipeline_deploys_a_warning_says_what_own_code_it_has_no_rights_on(tmp_path: Path) -> None:
    github = {
        "repository": "example/shop",
        "repositoryId": "1",
        "deploy": ["repo:example/shop:environment:prod"],
        "preview": ["repo:example/shop:pull_request"],
    }
    app = DATABASE_FILE["config"]["nightowl:apps"]["web"]
    plan = planned(tmp_path, DATABASE_CODE, {**EKS, "delivery": {"github": github}}, **app)
    (line,) = [one for one in plan.graph.warnings if "own code" in one]
    assert line.startswith("the pipeline has no rights on what own code makes: aws:rds/instance:Instance")
    boundary = json.loads(of_name(plan, "aws:iam/policy:Policy", "app-boundary").props["policy"])
    assert any("rds!db-database" in resource for one in boundary["Statement"] for resource in one["Resource"])
