"""The kinds of application that share most of their behaviour."""

from __future__ import annotations

from infra.settings.app.application import CronSettings, WebSettings, WorkerSettings

LongRunning = WebSettings | WorkerSettings
"""An app whose replicas run until they are replaced: a Deployment."""

AnyApp = WebSettings | WorkerSettings | CronSettings
"""An app of any kind."""
