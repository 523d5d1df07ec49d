"""Integration tests run on the PostgreSQL, Redis and Open vSwitch of this machine, as instance `nmt` only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import DjangoDbBlocker
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from tests.integration.controllers import Controller

SERVICE = "dml-servant"


@pytest.fixture(scope="session", autouse=True)
def test_instance() -> None:
    """Nothing here may meet the NetManager that runs on the same machine."""
    assert settings.NETMANAGER_INSTANCE == "nmt", "run the tests by deploy/test.sh, which makes settings for them"


@pytest.fixture(scope="session", autouse=True)
def no_sessions_left(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The thread that listens for ended operations keeps a session, and PostgreSQL drops no database that has one."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The test instance's number of Redis, without messages before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()


@pytest.fixture
def api(db: None) -> APIClient:
    """The API as a service with a token sees it."""
    return _service(SERVICE)


@pytest.fixture
def other_api(db: None) -> APIClient:
    """The same, as another service."""
    return _service("other-service")


def _service(name: str) -> APIClient:
    token = Token.objects.create(user=User.objects.create_user(name))
    return APIClient(headers={"Authorization": f"Token {token.key}"})


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    """`manage.py run_controller`, which listens."""
    running = Controller(tmp_path / "controller.log").start().wait_listening()
    yield running
    running.kill()
    print(running.log)
