"""Calls that come too often, by NETMANAGER_THROTTLE; counted in the real Redis."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import override_settings
from pytest_django import Settings
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from netmanager.throttling import ServiceThrottle
from tests.conftest import ROOT
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db
PATH = "/get-project-containers/1/7/"


@pytest.fixture(autouse=True)
def three_an_hour(settings: Settings, broker: redis.Redis) -> None:
    settings.NETMANAGER_THROTTLE = "3/h"


@pytest.fixture
def other() -> APIClient:
    token = Token.objects.create(user=User.objects.create_user("other-service"))
    return APIClient(headers={"Authorization": f"Token {token.key}"})


@pytest.fixture
def redis_away(settings: Settings) -> Iterator[None]:
    """A cache at which nobody listens."""
    away = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/1"}}
    with override_settings(CACHES=away):
        yield
    ServiceThrottle._away_until = 0.0


def statuses(client: APIClient, calls: int, path: str = PATH) -> list[int]:
    return [client.get(path).status_code for _ in range(calls)]


def test_more_calls_than_allowed_are_refused_and_told_when_to_come_again(api: APIClient) -> None:
    assert statuses(api, 3) == [200, 200, 200]
    response = api.get(PATH)
    code, sentence = refusal(response, 429)
    assert code == "throttled"
    assert 3500 < int(response["Retry-After"]) <= 3600
    assert response["Retry-After"] in sentence


def test_all_paths_are_counted_together_and_each_service_by_itself(api: APIClient, other: APIClient) -> None:
    assert statuses(api, 2) + statuses(api, 1, "/operations/") + statuses(api, 1, "/projects/7/members/") == [200, 200, 200, 429]
    assert statuses(other, 1) == [200]


def test_what_is_refused_is_not_counted_and_changes_nothing(api: APIClient) -> None:
    statuses(api, 3)
    assert api.put("/projects/7/members/", {"members": [1]}, format="json").status_code == 429
    assert api.post("/create-bridge/1/7/").status_code == 429
    with override_settings(NETMANAGER_THROTTLE="4/h"):
        assert statuses(api, 2) == [200, 429]
        assert api.get("/projects/7/members/").status_code == 429
    with override_settings(NETMANAGER_THROTTLE=""):
        assert api.get("/projects/7/members/").json()["closed"] is False


def test_a_rate_that_was_lowered_still_says_when_to_come_again(api: APIClient) -> None:
    statuses(api, 3)
    with override_settings(NETMANAGER_THROTTLE="1/h"):
        assert int(api.get(PATH)["Retry-After"]) > 0


def test_without_a_rate_nobody_is_refused_and_nothing_is_counted(api: APIClient, broker: redis.Redis) -> None:
    with override_settings(NETMANAGER_THROTTLE=""):
        assert set(statuses(api, 10)) == {200}
    assert broker.dbsize() == 0


def test_strangers_health_and_admin_are_not_counted(anonymous: APIClient, broker: redis.Redis) -> None:
    assert set(statuses(anonymous, 5)) == {401}
    assert set(statuses(anonymous, 5, "/healthz/")) == {200}
    assert set(statuses(anonymous, 5, "/admin/login/")) == {200}
    assert broker.dbsize() == 0


def test_what_is_counted_is_the_instances_and_goes_with_it(api: APIClient, broker: redis.Redis, settings: Settings) -> None:
    statuses(api, 1)
    keys: Any = broker.keys()
    assert [key.startswith(f"{settings.NETMANAGER_INSTANCE}:".encode()) for key in keys] == [True]
    assert 0 < int(str(broker.ttl(keys[0]))) <= 3600


COUNT = """
from django.core.cache import cache
print(len(cache.get("throttle_user_%s", [])))
"""


def test_another_process_counts_along(api: APIClient) -> None:
    statuses(api, 2)
    user = User.objects.get().pk
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", COUNT % user]
    told = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=True).stdout
    assert told.strip() == "2"


def test_while_redis_is_away_calls_are_let_through_and_one_warning_tells_it(
    api: APIClient, redis_away: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "netmanager.throttling"):
        assert statuses(api, 6) == [200] * 6
    assert ["Redis is away" in message for message in caplog.messages] == [True]
    caches.close_all()
