"""The connection to a cluster's API server.

Objects are plain JSON here: the client's typed models take two seconds of processor time to import, and every command
would wait for them.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import urllib3
from kubernetes import config
from kubernetes.client import ApiClient

from infra.errors import NightowlError

Json = dict[str, Any]
CONNECT_SECONDS, ANSWER_SECONDS = 5, 20
"""How long an answer may take: without a limit, a tunnel that is gone is waited for until the machine is shut down."""


def connect(kubeconfig: Path | None, context: str | None = None) -> ApiClient:
    """Create a client for a context of `kubeconfig`, or of what kubectl would read; nothing is sent yet.

    Without a `context` it is the current one.
    """
    new_client = cast(Any, config).new_client_from_config
    return cast(ApiClient, new_client(config_file=None if kubeconfig is None else str(kubeconfig), context=context))


def list_objects(api: ApiClient, path: str, *, selector: str = "") -> list[Json]:
    """List the objects at an API path such as `/apis/apps/v1/deployments`.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    return cast(list[Json], get(api, path, selector=selector)["items"])


def get(api: ApiClient, path: str, *, selector: str = "") -> Json:
    """Read what is at an API path.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    status, body = _answer(api, path, selector)
    if status != HTTPStatus.OK:
        raise _refusal(path, status, body)
    return body


def find(api: ApiClient, path: str) -> Json | None:
    """Read the object at an API path, None if there is none.

    Raises:
        NightowlError: the API server does not answer, or refuses.
    """
    status, body = _answer(api, path)
    if status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise _refusal(path, status, body)
    return body if status == HTTPStatus.OK else None


def _refusal(path: str, status: int, body: Json) -> NightowlError:
    return NightowlError(f"the API server refused {path}: {body.get('message', status)}")


def _answer(api: ApiClient, path: str, selector: str = "") -> tuple[int, Json]:
    query = [("labelSelector", selector)] if selector else []
    request = cast(Any, api).param_serialize("GET", path, query_params=query, auth_settings=["BearerToken"])
    try:
        answer = cast(Any, api).call_api(*request, _request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS))
        text = answer.read()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NightowlError(f"the API server does not answer ({error}); is the cluster still starting?") from error
    try:
        body = json.loads(text)
    except ValueError as error:
        # What stands before it, or is too busy to say more, answers in plain text.
        raise NightowlError(f"the API server refused {path}: it answered {answer.status} without an object") from error
    return int(answer.status), cast(Json, body)
