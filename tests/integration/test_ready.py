"""GET /readyz/: each part with its time, or what is wrong with it."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from rest_framework.test import APIClient

from apps import host
from datacenter.bootstrap import datapath_type
from tests.conditions import wait_until
from tests.integration.controllers import METRICS, Controller
from tests.integration.switch import delete_everything

pytestmark = pytest.mark.django_db(transaction=True)
ENGINE = settings.DOCKER_HOST.removeprefix("unix://")


@pytest.fixture(autouse=True)
def controllers_address() -> Iterator[None]:
    with override_settings(NETMANAGER_METRICS_LISTEN=f"0.0.0.0:{METRICS}"):
        yield


@pytest.fixture
def vtep() -> Iterator[None]:
    delete_everything(host.names.vtep)
    host.ovsdb.ensure_bridge(host.names.vtep, host.names.owner(), datapath_type(), secure=True)
    yield
    delete_everything(host.names.vtep)


@pytest.fixture
def silent_engine() -> Iterator[None]:
    """Takes connections and answers nothing, as a hung dockerd does."""
    Path(ENGINE).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(ENGINE)
        listening.listen()
        yield
    Path(ENGINE).unlink()


def checks(anonymous: APIClient, status: int = 503) -> dict[str, dict[str, Any]]:
    response = anonymous.get("/readyz/")
    body = response.json()
    assert (response.status_code, body["success"]) == (status, status == 200)
    return dict(body["checks"])


def test_every_part_is_there_with_its_time(anonymous: APIClient) -> None:
    told = checks(anonymous)
    assert set(told) == {"database", "broker", "docker", "ovs", "driver", "controller"}
    assert all(check["ms"] >= 0 for check in told.values())
    assert [name for name in ("database", "broker") if "error" in told[name]] == []


def test_what_is_away_is_named_with_the_reason(anonymous: APIClient) -> None:
    delete_everything(host.names.vtep)
    told = checks(anonymous)
    assert "dockerd" in told["docker"]["error"]
    assert host.names.vtep in told["ovs"]["error"]
    assert "refused" in told["controller"]["error"]
    assert told["driver"]["error"]


def test_what_hangs_is_named_and_the_others_have_answered(anonymous: APIClient, silent_engine: None) -> None:
    told = checks(anonymous)
    assert "hangs" in told["docker"]["error"]
    assert set(told["database"]) == set(told["broker"]) == {"ms"}


def test_the_switch_of_the_datacenter_answers_by_itself(anonymous: APIClient, vtep: None) -> None:
    assert set(checks(anonymous)["ovs"]) == {"ms"}


def test_a_controller_that_decides_is_ready(anonymous: APIClient, controller: Controller) -> None:
    wait_until(lambda: set(checks(anonymous)["controller"]) == {"ms"}, "the controller is ready")
    assert controller.metric("netmanager_decides") == 1


def test_a_controller_without_the_database_is_not_ready(anonymous: APIClient, tmp_path: Path) -> None:
    """It never learned who has which socket."""
    lost = Controller(tmp_path / "lost.log", DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing").start()
    try:
        wait_until(lambda: "netmanager_decides" in lost.metrics(), "it answers")
        assert "does not know the room" in checks(anonymous)["controller"]["error"]
    finally:
        lost.kill()
