"""POST /remove-port/, up to what the worker is given."""

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation
from apps.ports.models import Socket
from tests.integration import rows
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0


@pytest.fixture(autouse=True)
def socket() -> Socket:
    """Socket 3 of project 7, whose member user 1 is."""
    project = rows.active_project()
    rows.member(project)
    return rows.socket(rows.switch(), project=project, applied_vlan=42)


def test_it_writes_what_was_asked_for(api: APIClient) -> None:
    assert api.post("/remove-port/1/3/").status_code == 202
    operation = Operation.objects.get()
    assert (operation.kind, operation.project_id, operation.target, operation.user_id) == ("remove-port", 7, "3", 1)


def test_a_disabled_socket_can_be_removed_too(api: APIClient) -> None:
    Socket.objects.update(enabled=False, disabled_reason="loop")
    assert api.post("/remove-port/1/3/").status_code == 202


def test_the_socket_of_others_is_answered_exactly_as_an_unknown_one(api: APIClient) -> None:
    rows.member(rows.active_project(8, 43), user_id=2)
    theirs, unknown = refusal(api.post("/remove-port/2/3/")), refusal(api.post("/remove-port/2/4/"))
    assert theirs[0] == unknown[0] == "unknown_socket"
    assert theirs[1].replace("socket 3", "socket N") == unknown[1].replace("socket 4", "socket N")
    assert not Operation.objects.exists()
    assert Socket.objects.get().project_id == 7


@pytest.mark.parametrize(("applied_vlan", "applied"), [(None, True), (42, False)])
def test_a_free_socket_is_left_as_it_is_and_nothing_is_to_be_done(
    api: APIClient, applied_vlan: int | None, applied: bool
) -> None:
    Socket.objects.update(project=None, applied_vlan=applied_vlan, applied_at=timezone.now())
    before = Socket.objects.values().get()
    response = api.post("/remove-port/9/3/")
    assert (response.status_code, response.json()) == (200, {"success": True, "port": 3, "applied": applied})
    operation = Operation.objects.get()
    assert (operation.state, operation.project_id, operation.target, operation.user_id) == ("SUCCEEDED", 0, "3", 9)
    assert Socket.objects.values().get() == before
