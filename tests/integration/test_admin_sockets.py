"""What staff do with sockets in the admin."""

from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.operations.models import Operation
from apps.ports.models import Socket
from apps.projects.models import Project, Status
from tests.integration import rows
from tests.integration.test_admin import fields, page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def socket(broker: redis.Redis) -> Socket:
    rows.active_project(7, 42)
    rows.project(9)
    return rows.socket(rows.switch())


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def shown(staff: Client) -> dict[str, Any]:
    """The form of socket 3, as the browser has it."""
    return fields(staff.get(page(Socket, "change", 3)))


def save(staff: Client, form: dict[str, Any], **changed: str) -> Any:
    response = staff.post(page(Socket, "change", 3), form | changed)
    assert response.status_code == 302, response.context["errors"]
    return response


def orders() -> list[tuple[str, int, str, int]]:
    return list(Operation.objects.values_list("kind", "project_id", "service", "user_id"))


def test_a_socket_that_staff_assign_has_a_time_and_no_user_of_the_platform(staff: Client) -> None:
    Socket.objects.update(assigned_by=5)
    before = timezone.now()
    save(staff, shown(staff), project="7")
    now = Socket.objects.get()
    assert (now.project_id, now.assigned_by) == (7, None)
    assert now.assigned_at and now.assigned_at > before


def test_a_socket_that_staff_free_has_no_time(staff: Client) -> None:
    Socket.objects.update(project=7, assigned_by=5, assigned_at=timezone.now())
    save(staff, shown(staff), project="")
    now = Socket.objects.get()
    assert (now.project_id, now.assigned_by, now.assigned_at) == (None, None, None)
    assert orders() == []


def test_assigning_to_a_network_that_stands_has_it_joined_to_the_switch(staff: Client) -> None:
    response = save(staff, shown(staff), project="7")
    assert orders() == [("connect-switches", 7, "admin", 0)]
    assert len(list(get_messages(response.wsgi_request))) == 1


@pytest.mark.parametrize("status", [Status.NONE, Status.ERROR])
def test_assigning_to_a_project_without_a_network_has_one_built_and_says_so(staff: Client, status: Status) -> None:
    Project.objects.filter(pk=9).update(status=status)
    response = save(staff, shown(staff), project="9")
    assert orders() == [("create-bridge", 9, "admin", 0)]
    assert any("Project 9 had no network: it is being built" in str(m) for m in get_messages(response.wsgi_request))


def test_a_socket_that_is_entered_with_a_project_is_assigned_too(staff: Client, socket: Socket) -> None:
    form = {"number": "4", "switch": str(socket.switch_id), "of_port": "4", "enabled": "on", "project": "9"}
    assert staff.post(page(Socket, "add"), form).status_code == 302
    assert Socket.objects.get(pk=4).assigned_at
    assert orders() == [("create-bridge", 9, "admin", 0)]


def test_no_quota_binds_staff(staff: Client, settings: Settings) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = 0
    save(staff, shown(staff), project="7")
    assert Socket.objects.get().project_id == 7


def test_enabling_a_socket_again_clears_the_reason(staff: Client) -> None:
    Socket.objects.update(enabled=False, disabled_reason="loop")
    save(staff, shown(staff), enabled="on")
    assert Socket.objects.values_list("enabled", "disabled_reason").get() == (True, "")
    assert orders() == []


def test_disabling_a_socket_keeps_the_reason_that_staff_give(staff: Client) -> None:
    form = shown(staff)
    del form["enabled"]
    save(staff, form, disabled_reason="water")
    assert Socket.objects.values_list("enabled", "disabled_reason").get() == (False, "water")


def test_a_label_that_is_saved_late_undoes_nothing_that_the_machine_did_meanwhile(staff: Client) -> None:
    """The form was shown while the socket was free and enabled."""
    form = shown(staff)
    at = timezone.now()
    Socket.objects.update(project=7, assigned_by=5, assigned_at=at, enabled=False, disabled_reason="loop")
    save(staff, form, label="by the window")
    now = Socket.objects.get()
    assert (now.label, now.project_id, now.assigned_by, now.assigned_at) == ("by the window", 7, 5, at)
    assert (now.enabled, now.disabled_reason) == (False, "loop")
    assert orders() == []
