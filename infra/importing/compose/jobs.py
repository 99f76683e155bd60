"""Jobs of the project: one with a schedule is an app of kind: cron; one that is started by hand is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.importing.compose.project import ComposeProject
from infra.importing.compose.service import JOBS, SERVICES, Service
from infra.importing.compose.values import items
from infra.importing.findings import Ledger
from infra.settings.app.application import LONGEST_RUN_SECONDS
from infra.settings.app.schedule import check_schedule, check_time_zone
from infra.settings.scalars import seconds_text
from infra.values import mapping, text

KEY = "triggers"
_BY_HAND = (
    "it runs when somebody starts it, and no kind does: an app of kind: job runs at each update, one of kind: cron by "
    "its schedule; write the one that is meant"
)
_SAME_NAME = "a service has this name, too; give the job another one"
_MORE = "an app has one schedule: write another app of kind: cron with this one, or join both in one text"
_FORBID = "a run that is due while the last one still runs is left out; none is queued"
_CATCH_UP = "a run that was missed is started within an hour"
_SKIP = "there is no key: a run that was missed is started within an hour"
_NO_LIMIT = "the input has no limit; lower it to what a run may take"
_NO_RETRIES = "the input starts a failed run at its next time only"
_NO_ZONE = "the input leaves it to the machine's own zone; write timeZone where that is another"
_MANUAL = "kubectl create job --from=cronjob/NAME starts it by hand, for those whom the cluster lets create jobs"


def scheduled_jobs(project: ComposeProject, ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """Return the jobs that have a schedule, and note why the others are not imported."""
    found: dict[str, Mapping[str, Any]] = {}
    values = project.source.values
    if JOBS in values and not mapping(values[JOBS]):
        ledger.decided((JOBS,), why="there is none")
    for name, value in mapping(values.get(JOBS)).items():
        job = mapping(value)
        if name in project.inactive_jobs:
            ledger.decided((JOBS, name), why="its profile is not active; --profile imports it")
        elif name in mapping(values.get(SERVICES)):
            ledger.missing((JOBS, name), _SAME_NAME)
        elif not _schedules(job):
            ledger.missing((JOBS, name), _BY_HAND)
        elif _refusal(_cron(_schedules(job)[0])):
            first = _cron(_schedules(job)[0])
            ledger.missing((JOBS, name), f"schedule {first!r} {_refusal(first)}; then it can be an app of kind: cron")
        else:
            found[name] = job
    return found


def map_triggers(service: Service) -> None:
    """Write when a job runs, and for how long it may."""
    given = mapping(service.values.get(KEY)).get("schedule")
    first, *others = _schedules(service.values)
    place = (KEY, "schedule", 0) if isinstance(given, list) else (KEY, "schedule")
    service.settings.update(kind="cron", schedule=_cron(first), timeout=seconds_text(LONGEST_RUN_SECONDS), retries=0)
    if isinstance(first, Mapping):
        _map_fields(service, place)
    else:
        service.taken(place, "schedule")
        _add_zone(service)
    for index, _ in enumerate(others, 1):
        service.missing((KEY, "schedule", index), _MORE)
    if "manual" in mapping(service.values.get(KEY)):
        service.decided((KEY, "manual"), why=_MANUAL)
    service.added("timeout", why=_NO_LIMIT)
    service.added("retries", why=_NO_RETRIES)


def _map_fields(service: Service, place: tuple[str | int, ...]) -> None:
    fields = mapping(_schedules(service.values)[0])
    service.taken((*place, "cron"), "schedule")
    zone = text(fields, "timezone")
    refusal = _refusal(zone, is_zone=True) if zone else ""
    if refusal:
        service.missing((*place, "timezone"), refusal)
    elif zone:
        service.settings["timeZone"] = zone
        service.taken((*place, "timezone"), "timeZone")
    else:
        _add_zone(service)
    if fields.get("concurrency") == "forbid":
        service.settings["overlap"] = "forbid"
        service.taken((*place, "concurrency"), "overlap")
    elif "concurrency" in fields:
        service.settings["overlap"] = "forbid"
        service.decided((*place, "concurrency"), "overlap", why=_FORBID)
    if fields.get("missed_fires") == "skip":
        service.missing((*place, "missed_fires"), _SKIP)
    elif "missed_fires" in fields:
        service.decided((*place, "missed_fires"), "schedule", why=_CATCH_UP)


def _add_zone(service: Service) -> None:
    service.settings["timeZone"] = "Etc/UTC"
    service.added("timeZone", why=_NO_ZONE)


def _schedules(job: Mapping[str, Any]) -> list[Any]:
    return items(mapping(job.get(KEY)).get("schedule"))


def _cron(schedule: Any) -> str:
    return schedule if isinstance(schedule, str) else text(schedule, "cron")


def _refusal(value: str, *, is_zone: bool = False) -> str:
    """Return what the loader says against a schedule, or against a time zone; nothing for one that is right."""
    try:
        _ = check_time_zone(value) if is_zone else check_schedule(value)
    except ValueError as error:
        return str(error)
    return ""
