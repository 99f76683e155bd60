"""The rules of the branch main: changed by pull requests that pass ci.yml, never rewritten, never deleted.

GitHub adds up all rules that apply to a branch, so a ruleset of the command's own takes nothing away from those that
others made. Where theirs are enough there is none. Reference: docs.github.com/en/rest/repos/rules and
.../branches/branch-protection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from github import Github
from github.GithubException import GithubException

from infra.github.client import Json, RepositoryApi, github_errors
from infra.github.reviewers import Reviewer, several
from infra.reconcile import Step
from infra.settings.eks.delivery import MAIN_BRANCH

NAME = f"branch {MAIN_BRANCH}"
RULESET = "nightowl main"
PULL_REQUEST = "pull_request"
STATUS_CHECKS = "required_status_checks"
PLAIN_RULES = {"non_fast_forward": "no force push", "deletion": "no deletion"}
"""Rules without parameters, by GitHub's names."""

REVIEWS = {
    "required_approving_review_count": "approved by somebody",
    "require_code_owner_review": "approved by a code owner",
    "require_last_push_approval": "the last push approved by somebody else than who pushed it",
    "dismiss_stale_reviews_on_push": "approved as it is: a push takes approvals away",
}
"""Parameters of the rule PULL_REQUEST that a team asks for, by GitHub's names; the first is a number, of at least 1."""

_PULL_REQUEST_PARAMETERS: Json = {
    "required_approving_review_count": 0,
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}
_STATUS_CHECK_PARAMETERS: Json = {
    "strict_required_status_checks_policy": False,  # a promotion need not be brought up to date with every other merge
    "do_not_enforce_on_create": True,
    "required_status_checks": [],
}

_MAIN_REFS = ("~ALL", "~DEFAULT_BRANCH", f"refs/heads/{MAIN_BRANCH}")
"""What a ruleset can name main by."""


_Needs = frozenset[tuple[str, str]]
"""What is asked of main, or what of it is given: rules by their type, required checks by their names, and parameters of
the rule PULL_REQUEST that are keys of REVIEWS; each with RULE, CHECK or REVIEW before it."""

RULE, CHECK, REVIEW = "rule", "check", "review"


def _lines(needs: _Needs) -> tuple[str, ...]:
    """Write each as a reader knows it."""
    request = ("changed by pull requests only",) if (RULE, PULL_REQUEST) in needs else ()
    checks = (f"must pass: {check}" for check in _names(needs, CHECK))
    reviews = (text for key, text in REVIEWS.items() if (REVIEW, key) in needs)
    plain = (text for rule, text in PLAIN_RULES.items() if (RULE, rule) in needs)
    return (*request, *checks, *reviews, *plain)


def _names(needs: _Needs, kind: str) -> list[str]:
    return sorted(name for of, name in needs if of == kind)


def main_rules_step(
    api: RepositoryApi, client: Github, checks: Sequence[str], *, approvers: Sequence[Reviewer]
) -> Step[str]:
    """Inspect the rules of main: the command's own ruleset, or others' where they do the same.

    Everything that is added to the ruleset stays, and what it asks for beyond this.

    Args:
        api: the repository.
        client: to look up the app whose checks count.
        checks: the checks that a pull request must pass.
        approvers: who owns the code. Where they are several, somebody else than its author approves a pull request;
            one alone could never merge then.
    """
    reviewed = several(approvers)
    needs = frozenset(
        {
            *((RULE, name) for name in (PULL_REQUEST, *PLAIN_RULES)),
            *((CHECK, name) for name in checks),
            *((REVIEW, name) for name in REVIEWS if reviewed),
        }
    )
    names = ", ".join(approver.name for approver in approvers)
    unreviewed = "" if reviewed else f"tested, not reviewed: nobody but {names or 'its author'} is asked"
    own = _own_ruleset(api)
    if own is not None:
        return _own_step(api, client, own, needs, unreviewed)
    others, sources = _made_by_others(api)
    missing, by = _lines(needs - others), ", ".join(sources)
    beside = f"beside {by}, left as it is" if sources else ""

    def apply() -> None:
        api.send("POST", "rulesets", "make the rules of main", _ruleset({}, needs, client))

    note = _together(beside if missing else f"by {by}", unreviewed)
    return Step(name=NAME, exists=not missing, changes=missing, apply=apply, note=note)


def _together(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _own_step(api: RepositoryApi, client: Github, own: Json, needs: _Needs, unreviewed: str) -> Step[str]:
    included, excluded = _refs(own)
    changes: list[str] = []
    if own["enforcement"] != "active":
        changes.append(f"ruleset {RULESET!r}: {own['enforcement']} -> active")
    if not _names_main(included) or _names_main(excluded):
        changes.append(f"ruleset {RULESET!r}: does not apply to {MAIN_BRANCH} -> applies")
    changes += _lines(needs - _given(own["rules"]))

    def apply() -> None:
        api.send("PUT", f"rulesets/{own['id']}", "set the rules of main", _ruleset(own, needs, client))

    note = _together(_added_by_hand(own, needs), unreviewed)
    return Step(name=NAME, exists=True, changes=tuple(changes), apply=apply, note=note)


def _refs(ruleset: Json) -> tuple[list[str], list[str]]:
    """Return what a ruleset includes and excludes."""
    scope: dict[str, list[str]] = ruleset.get("conditions", {}).get("ref_name", {})
    return scope.get("include", []), scope.get("exclude", [])


def _ruleset(own: Json, needs: _Needs, client: Github) -> Json:
    """Return the ruleset to send: `own`, empty where there is none yet, with what it lacks."""
    included, excluded = _refs(own)
    return {
        "name": RULESET,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": own.get("bypass_actors", []),
        "conditions": {
            "ref_name": {
                "include": included if _names_main(included) else [*included, f"refs/heads/{MAIN_BRANCH}"],
                "exclude": [ref for ref in excluded if ref not in _MAIN_REFS],
            }
        },
        "rules": _completed(own.get("rules", []), needs, _actions_app(client)),
    }


def _added_by_hand(own: Json, needs: _Needs) -> str:
    """Return what somebody added to the ruleset. A check of a job that is no more would hold up every pull request."""
    checks = _names(_given(own["rules"]) - needs, CHECK)
    bypass = len(own.get("bypass_actors", []))
    notes = [f"also asks for {', '.join(checks)}"] if checks else []
    notes += [f"{bypass} may bypass it"] if bypass else []
    return f"{'; '.join(notes)}: by somebody's hand, left as it is" if notes else ""


def _own_ruleset(api: RepositoryApi) -> Json | None:
    listed: list[Json] = api.get("rulesets?includes_parents=false", "list the rulesets")
    for ruleset in listed:
        if ruleset["name"] == RULESET and ruleset.get("target", "branch") == "branch":
            return api.get(f"rulesets/{ruleset['id']}", f"read the ruleset {RULESET!r}")
    return None


def _made_by_others(api: RepositoryApi) -> tuple[_Needs, tuple[str, ...]]:
    """Read what rulesets (of the repository or its organization) and branch protection ask of main already."""
    rules: list[Json] = api.get(f"rules/branches/{MAIN_BRANCH}", "read the rules of main")
    sources = {f"the ruleset {rule['ruleset_id']} of {rule['ruleset_source']}" for rule in rules}
    given = _given(rules)
    protection = api.find(f"branches/{MAIN_BRANCH}/protection", "read the protection of main")
    if protection is None:
        return given, tuple(sorted(sources))
    return given | _given_by_protection(protection), (*sorted(sources), "the branch protection")


def _given(rules: Sequence[Json]) -> _Needs:
    requests: list[Json] = [rule.get("parameters", {}) for rule in rules if rule["type"] == PULL_REQUEST]
    checks: list[Json] = [rule["parameters"] for rule in rules if rule["type"] == STATUS_CHECKS]
    return frozenset(
        {
            *((RULE, str(rule["type"])) for rule in rules),
            *((CHECK, str(check["context"])) for one in checks for check in one["required_status_checks"]),
            *((REVIEW, key) for one in requests for key in REVIEWS if one.get(key)),
        }
    )


def _given_by_protection(protection: Json) -> _Needs:
    rules = {
        PULL_REQUEST: "required_pull_request_reviews" in protection,
        "non_fast_forward": not protection.get("allow_force_pushes", {}).get("enabled", False),
        "deletion": not protection.get("allow_deletions", {}).get("enabled", False),
    }
    checks: Json = protection.get("required_status_checks") or {}
    reviews: Json = protection.get("required_pull_request_reviews") or {}
    classic = {**reviews, "require_code_owner_review": reviews.get("require_code_owner_reviews")}
    classic["dismiss_stale_reviews_on_push"] = reviews.get("dismiss_stale_reviews")
    return frozenset(
        {
            *((RULE, rule) for rule, given in rules.items() if given),
            *((CHECK, str(context)) for context in checks.get("contexts", [])),
            *((REVIEW, key) for key in REVIEWS if classic.get(key)),
        }
    )


def _completed(rules: Sequence[Json], needs: _Needs, app: int | None) -> list[Json]:
    """Add to `rules` what `needs` asks for and they lack; what they have stays."""
    given, missing = _given(rules), needs - _given(rules)
    own_app = {} if app is None else {"integration_id": app}
    checks = [{"context": context, **own_app} for context in _names(missing, CHECK)]
    reviews = {key: 1 if key == "required_approving_review_count" else True for key in _names(missing, REVIEW)}
    completed = list(rules)
    for kind, parameters in ((PULL_REQUEST, _PULL_REQUEST_PARAMETERS), (STATUS_CHECKS, _STATUS_CHECK_PARAMETERS)):
        if (RULE, kind) not in given:
            completed.append({"type": kind, "parameters": parameters})
    for index, rule in enumerate(completed):
        parameters: Json = rule.get("parameters", {})
        if rule["type"] == PULL_REQUEST and reviews:
            completed[index] = {**rule, "parameters": {**parameters, **reviews}}
        if rule["type"] == STATUS_CHECKS and checks:
            both = [*parameters["required_status_checks"], *checks]
            completed[index] = {**rule, "parameters": {**parameters, "required_status_checks": both}}
    return [*completed, *({"type": rule} for rule in PLAIN_RULES if (RULE, rule) not in given)]


def _actions_app(client: Github) -> int | None:
    """Find the id of GitHub Actions, so that no other app's status of the same name counts; None where it has none."""
    with github_errors("look up the app of GitHub Actions"):
        try:
            return client.get_app("github-actions").id
        except GithubException as error:
            if error.status in (403, 404):
                return None
            raise


def _names_main(refs: Iterable[str]) -> bool:
    return any(ref in _MAIN_REFS for ref in refs)
