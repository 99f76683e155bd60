"""A GitHub that has one repository and its settings, over HTTP on 127.0.0.1.

Answers have the shapes of docs.github.com/en/rest: repos/repos (errors of CODEOWNERS too), deployments/environments,
deployments/branch-policies, actions/permissions, actions/workflows, actions/variables, actions/secrets, actions/oidc,
issues/labels, repos/rules, branches/branch-protection, apps/apps, users/users, teams/teams. What they leave out is what
the command does not read.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

CREDENTIAL = "a-token"
REPOSITORY_ID = 123456789
OWNER_ID = 424242
ACTIONS_APP_ID = 15368
NOT_FOUND = (404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
PLAN_REFUSAL = (
    422,
    {
        "message": "Failed to create the environment protection rule. Please ensure the billing plan supports the "
        "required reviewers protection rule.",
        "documentation_url": "https://docs.github.com/rest/deployments/environments#create-or-update-an-environment",
    },
)

Answer = tuple[int, Any]


@dataclass
class FakeSettings:
    """The state of the repository, and every request that was made."""

    url: str = ""
    full_name: str = "example/nightowl"
    default_branch: str = "main"
    archived: bool = False
    admin: bool = True
    private: bool = False
    fork: bool = False
    has_issues: bool = True
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branch_policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    actions_enabled: bool = True
    workflow_permissions: dict[str, Any] = field(
        default_factory=lambda: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}
    )
    approval_policy: str | None = "first_time_contributors"
    """None: a server that does not know it."""
    forks: dict[str, bool] | None = field(
        default_factory=lambda: {
            "run_workflows_from_fork_pull_requests": True,
            "send_write_tokens_to_workflows": True,
            "send_secrets_and_variables": True,
            "require_approval_for_fork_pr_workflows": False,
        }
    )
    """Of a private repository, and None on a server that does not know it."""
    admins_bypass_stays: bool = False
    """Whether GitHub overhears `can_admins_bypass`, which its documentation does not list."""
    secrets: set[tuple[str, str]] = field(default_factory=set)
    """Environment and name."""
    code_owners_errors: list[dict[str, Any]] | None = None
    """Of the file on main; None: there is none."""
    workflow_states: dict[str, str] = field(
        default_factory=lambda: {
            ".github/workflows/ci.yml": "active",
            ".github/workflows/drift.yml": "active",
            "dynamic/dependabot/dependabot-updates": "active",
        }
    )
    """By path. The id of each is its place in the list."""
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    inherited_rules: list[dict[str, Any]] = field(default_factory=list)
    """Of the organization."""
    protection: dict[str, Any] | None = None
    subject_template: dict[str, Any] | None = field(
        default_factory=lambda: {
            "use_default": True,
            "use_immutable_subject": False,
            "sub_claim_prefix": "repo:example/nightowl",
        }
    )
    users: dict[str, int] = field(default_factory=lambda: {"alice": 1, "bob": 2, "eve": 3})
    teams: dict[str, int] = field(default_factory=lambda: {"example/platform": 70})
    without_access: set[int] = field(default_factory=set)
    """Ids that GitHub drops from the reviewers without a word."""
    plan_has_reviewers: bool = True
    refusals: dict[tuple[str, str], tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=dict)
    """By method and end of the path: status, body and headers of an answer that replaces the usual one."""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    next_id: int = 1000

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path, _ in self.requests if method != "GET"]

    def body_of(self, method: str, end: str) -> Any:
        """What the last such request brought."""
        return [body for verb, path, body in self.requests if verb == method and path.endswith(end)][-1]

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        self.requests.append((method, path, body))
        for (verb, end), refusal in self.refusals.items():
            if verb == method and path.endswith(end):
                return refusal
        for pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                status, answer = handler(self, body, *found.groups())
                return status, answer, {}
        return (*NOT_FOUND, {})

    # repository, users, teams, apps

    def repository(self, body: Any, name: str) -> Answer:
        if name.lower() != self.full_name.lower():
            return NOT_FOUND
        owner, _, short = self.full_name.partition("/")
        return 200, {
            "id": REPOSITORY_ID,
            "name": short,
            "full_name": self.full_name,
            "owner": {"login": owner, "id": OWNER_ID, "type": "Organization"},
            "private": self.private,
            "fork": self.fork,
            "has_issues": self.has_issues,
            "archived": self.archived,
            "default_branch": self.default_branch,
            "permissions": {"admin": self.admin, "maintain": True, "push": True, "triage": True, "pull": True},
            "url": f"{self.url}/repos/{self.full_name}",
        }

    def patch_repository(self, body: Any) -> Answer:
        self.has_issues = body.get("has_issues", self.has_issues)
        return self.repository(body, self.full_name)

    def user(self, body: Any, login: str) -> Answer:
        if login not in self.users:
            return NOT_FOUND
        return 200, {"login": login, "id": self.users[login], "type": "User", "url": f"{self.url}/users/{login}"}

    def organization(self, body: Any, name: str) -> Answer:
        return 200, {"login": name, "id": OWNER_ID, "url": f"{self.url}/orgs/{name}"}

    def team(self, body: Any, organization: str, slug: str) -> Answer:
        key = f"{organization}/{slug}"
        return (200, {"id": self.teams[key], "slug": slug, "name": slug}) if key in self.teams else NOT_FOUND

    def app(self, body: Any) -> Answer:
        return 200, {"id": ACTIONS_APP_ID, "slug": "github-actions", "name": "GitHub Actions"}

    # environments

    def environment(self, body: Any, name: str) -> Answer:
        return (200, self.environments[name]) if name in self.environments else NOT_FOUND

    def put_environment(self, body: Any, name: str) -> Answer:
        """Replaces the settings: what the body leaves out is reset, as GitHub does. Branch patterns stay."""
        if body.get("reviewers") and not self.plan_has_reviewers:
            return PLAN_REFUSAL
        taken = [item for item in body.get("reviewers") or [] if item["id"] not in self.without_access]
        names = {identity: name for name, identity in [*self.users.items(), *self.teams.items()]}
        rules: list[dict[str, Any]] = []
        if body.get("wait_timer"):
            rules.append({"id": self.new_id(), "type": "wait_timer", "wait_timer": body["wait_timer"]})
        if taken:
            rules.append(
                {
                    "id": self.new_id(),
                    "type": "required_reviewers",
                    "prevent_self_review": body.get("prevent_self_review", False),
                    "reviewers": [
                        {"type": item["type"], "reviewer": _reviewer(item["type"], item["id"], names[item["id"]])}
                        for item in taken
                    ],
                }
            )
        if body.get("deployment_branch_policy"):
            rules.append({"id": self.new_id(), "type": "branch_policy"})
        old = self.environments.get(name, {})
        self.environments[name] = {
            "id": old.get("id", self.new_id()),
            "name": name,
            "url": f"{self.url}/repos/{self.full_name}/environments/{name}",
            "can_admins_bypass": self.admins_bypass_stays or body.get("can_admins_bypass", True),
            "protection_rules": rules,
            "deployment_branch_policy": body.get("deployment_branch_policy"),
        }
        self.branch_policies.setdefault(name, [])
        return 200, self.environments[name]

    def policies(self, body: Any, name: str) -> Answer:
        listed = self.branch_policies.get(name, [])
        return 200, {"total_count": len(listed), "branch_policies": listed}

    def post_policy(self, body: Any, name: str) -> Answer:
        policy = (self.environments.get(name) or {}).get("deployment_branch_policy")
        if not policy or not policy["custom_branch_policies"]:
            return NOT_FOUND
        made = {"id": self.new_id(), "name": body["name"], "type": body.get("type", "branch")}
        self.branch_policies[name].append(made)
        return 200, made

    def delete_policy(self, body: Any, name: str, number: str) -> Answer:
        self.branch_policies[name] = [item for item in self.branch_policies[name] if item["id"] != int(number)]
        return 204, None

    # actions, labels, variables

    def permissions(self, body: Any) -> Answer:
        return 200, {"enabled": True, "allowed_actions": "all"} if self.actions_enabled else {"enabled": False}

    def put_permissions(self, body: Any) -> Answer:
        self.actions_enabled = body["enabled"]
        return 204, None

    def workflow(self, body: Any) -> Answer:
        return 200, self.workflow_permissions

    def put_workflow(self, body: Any) -> Answer:
        self.workflow_permissions.update(body)
        return 204, None

    def approval(self, body: Any) -> Answer:
        return NOT_FOUND if self.approval_policy is None else (200, {"approval_policy": self.approval_policy})

    def put_approval(self, body: Any) -> Answer:
        self.approval_policy = body["approval_policy"]
        return 204, None

    def get_forks(self, body: Any) -> Answer:
        return NOT_FOUND if self.forks is None or not self.private else (200, self.forks)

    def put_forks(self, body: Any) -> Answer:
        if self.forks is None or "run_workflows_from_fork_pull_requests" not in body:
            return 422, {"message": "Invalid request.", "status": "422"}
        self.forks.update(body)
        return 204, None

    def environment_secret(self, body: Any, environment: str, name: str) -> Answer:
        found = (environment, name) in self.secrets
        return (200, {"name": name, "created_at": "2026-11-01T00:00:00Z"}) if found else NOT_FOUND

    def list_code_owners_errors(self, body: Any) -> Answer:
        return NOT_FOUND if self.code_owners_errors is None else (200, {"errors": self.code_owners_errors})

    def list_workflows(self, body: Any) -> Answer:
        listed = [
            {"id": number, "name": path, "path": path, "state": state}
            for number, (path, state) in enumerate(self.workflow_states.items())
        ]
        return 200, {"total_count": len(listed), "workflows": listed}

    def enable_workflow(self, body: Any, number: str) -> Answer:
        self.workflow_states[list(self.workflow_states)[int(number)]] = "active"
        return 204, None

    def subject(self, body: Any) -> Answer:
        return NOT_FOUND if self.subject_template is None else (200, self.subject_template)

    def label(self, body: Any, name: str) -> Answer:
        return (200, self.labels[name]) if name in self.labels else NOT_FOUND

    def post_label(self, body: Any) -> Answer:
        self.labels[body["name"]] = {"id": self.new_id(), **body}
        return 201, self.labels[body["name"]]

    def variable(self, body: Any, name: str) -> Answer:
        return (200, {"name": name, "value": self.variables[name]}) if name in self.variables else NOT_FOUND

    def post_variable(self, body: Any) -> Answer:
        self.variables[body["name"]] = body["value"]
        return 201, {}

    def patch_variable(self, body: Any, name: str) -> Answer:
        self.variables[name] = body["value"]
        return 204, None

    # rules of main

    def list_rulesets(self, body: Any) -> Answer:
        return 200, [{key: item[key] for key in ("id", "name", "target", "enforcement")} for item in self.rulesets]

    def ruleset(self, body: Any, number: str) -> Answer:
        found = [item for item in self.rulesets if item["id"] == int(number)]
        return (200, found[0]) if found else NOT_FOUND

    def post_ruleset(self, body: Any) -> Answer:
        made = {"id": self.new_id(), "source_type": "Repository", "source": self.full_name, **body}
        self.rulesets.append(made)
        return 201, made

    def put_ruleset(self, body: Any, number: str) -> Answer:
        found = next(item for item in self.rulesets if item["id"] == int(number))
        found.update(body)
        return 200, found

    def rules_of_main(self, body: Any) -> Answer:
        own = [
            {"ruleset_source_type": "Repository", "ruleset_source": self.full_name, "ruleset_id": item["id"], **rule}
            for item in self.rulesets
            if item["enforcement"] == "active" and item["target"] == "branch"
            for rule in item["rules"]
        ]
        return 200, [*own, *self.inherited_rules]

    def branch_protection(self, body: Any) -> Answer:
        if self.protection is None:
            return 404, {"message": "Branch not protected", "status": "404"}
        return 200, self.protection


def _reviewer(kind: str, identity: int, name: str) -> dict[str, Any]:
    if kind == "User":
        return {"id": identity, "login": name, "html_url": f"https://github.com/{name}"}
    owner, _, slug = name.partition("/")
    return {"id": identity, "slug": slug, "html_url": f"https://github.com/orgs/{owner}/teams/{slug}"}


_R = "/repos/example/nightowl"
_E = f"{_R}/environments/([^/]+)"
_P = f"{_E}/deployment-branch-policies"
_V = f"{_R}/actions/variables"

_ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    (r"GET /repos/([^/]+/[^/]+)", FakeSettings.repository),
    (f"PATCH {_R}", FakeSettings.patch_repository),
    (r"GET /users/([^/]+)", FakeSettings.user),
    (r"GET /orgs/([^/]+)", FakeSettings.organization),
    (r"GET /orgs/([^/]+)/teams/([^/]+)", FakeSettings.team),
    (r"GET /apps/github-actions", FakeSettings.app),
    (f"GET {_E}", FakeSettings.environment),
    (f"PUT {_E}", FakeSettings.put_environment),
    (f"GET {_P}", FakeSettings.policies),
    (f"POST {_P}", FakeSettings.post_policy),
    (f"DELETE {_P}/(\\d+)", FakeSettings.delete_policy),
    (f"GET {_R}/actions/permissions", FakeSettings.permissions),
    (f"PUT {_R}/actions/permissions", FakeSettings.put_permissions),
    (f"GET {_R}/actions/permissions/workflow", FakeSettings.workflow),
    (f"PUT {_R}/actions/permissions/workflow", FakeSettings.put_workflow),
    (f"GET {_R}/actions/permissions/fork-pr-contributor-approval", FakeSettings.approval),
    (f"PUT {_R}/actions/permissions/fork-pr-contributor-approval", FakeSettings.put_approval),
    (f"GET {_R}/actions/permissions/fork-pr-workflows-private-repos", FakeSettings.get_forks),
    (f"PUT {_R}/actions/permissions/fork-pr-workflows-private-repos", FakeSettings.put_forks),
    (f"GET {_E}/secrets/([^/]+)", FakeSettings.environment_secret),
    (f"GET {_R}/codeowners/errors", FakeSettings.list_code_owners_errors),
    (f"GET {_R}/actions/workflows", FakeSettings.list_workflows),
    (f"PUT {_R}/actions/workflows/(\\d+)/enable", FakeSettings.enable_workflow),
    (f"GET {_R}/actions/oidc/customization/sub", FakeSettings.subject),
    (f"GET {_R}/labels/([^/]+)", FakeSettings.label),
    (f"POST {_R}/labels", FakeSettings.post_label),
    (f"GET {_V}/([^/]+)", FakeSettings.variable),
    (f"POST {_V}", FakeSettings.post_variable),
    (f"PATCH {_V}/([^/]+)", FakeSettings.patch_variable),
    (f"GET {_R}/rulesets", FakeSettings.list_rulesets),
    (f"POST {_R}/rulesets", FakeSettings.post_ruleset),
    (f"GET {_R}/rulesets/(\\d+)", FakeSettings.ruleset),
    (f"PUT {_R}/rulesets/(\\d+)", FakeSettings.put_ruleset),
    (f"GET {_R}/rules/branches/main", FakeSettings.rules_of_main),
    (f"GET {_R}/branches/main/protection", FakeSettings.branch_protection),
]


@contextmanager
def served() -> Iterator[FakeSettings]:
    """Serve a fresh repository on a free port."""
    fake = FakeSettings()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a header and a body in two packets would wait 40 ms for each other

        def _respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if self.headers.get("Authorization") not in {f"token {CREDENTIAL}", f"Bearer {CREDENTIAL}"}:
                status, answer, headers = 401, {"message": "Bad credentials", "status": "401"}, {}
            else:
                status, answer, headers = fake.answer(self.command, unquote(urlsplit(self.path).path), body)
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._respond()

        def do_PUT(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PATCH(self) -> None:
            self._respond()

        def do_DELETE(self) -> None:
            self._respond()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
