"""A socket changes hands: from the call to the worker, the bridges and the controller's word."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from apps import host
from apps.operations.models import Operation, State
from apps.operations.tasks import drain
from apps.ports.models import Socket
from apps.ports.provisioning import CONFIRMATION
from apps.projects.models import Project
from tests.integration import rows
from tests.integration.bridges import VTEP, flows, identities, project_bridge, standing_vtep
from tests.integration.controller import running_controller
from tests.integration.sessions import PATIENCE, beside
from tests.integration.switch import ports

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0


@pytest.fixture(autouse=True)
def room() -> Iterator[Socket]:
    """Socket 3 is free; projects 7 and 8 have networks, and user 1 is a member of both."""
    with standing_vtep():
        for number, vlan in ((7, 42), (8, 43)):
            project = rows.active_project(number, vlan)
            rows.member(project)
            project_bridge(project)
        yield rows.socket(rows.switch(tunnel_address="198.18.244.11"))


def call(api: APIClient, path: str, project: int = 7) -> Operation:
    """The operation of a call once a worker has run it."""
    response = api.post(path)
    assert response.status_code == 202, response.json()
    drain(project)
    return Operation.objects.get(pk=response.json()["operation"])


def result(operation: Operation) -> dict[str, Any]:
    assert operation.state == State.SUCCEEDED, operation.error
    return dict(operation.result)


def refused(operation: Operation) -> str:
    assert (operation.state, operation.operators) == (State.FAILED, False), operation.error
    return operation.error_code


def socket() -> Socket:
    return Socket.objects.get(pk=3)


def test_a_socket_that_was_added_is_the_projects_and_its_switch_has_confirmed_it(api: APIClient) -> None:
    before = timezone.now()
    with running_controller():
        begun = time.monotonic()
        added = result(call(api, "/add-port/5/7/3/"))
        assert time.monotonic() - begun < CONFIRMATION
    assert added == {"port": 3, "project_id": 7, "vlan": 42, "applied": True}
    assert (socket().project_id, socket().assigned_by, socket().applied_vlan) == (7, 5, 42)
    assert socket().assigned_at > before  # type: ignore[operator]


def test_adding_joins_the_project_to_the_switch(api: APIClient) -> None:
    result(call(api, "/add-port/1/7/3/"))
    switch = socket().switch_id
    assert ports(VTEP) == [f"nmt-s{switch}-p7", f"nmt-vx{switch}"]
    assert len(flows(7)) == 2
    before = identities(VTEP, "nmt-p7")
    result(call(api, "/add-port/1/7/3/"))
    assert identities(VTEP, "nmt-p7") == before


def test_without_a_controller_it_is_given_all_the_same_and_the_answer_comes_after_two_seconds(api: APIClient) -> None:
    begun = time.monotonic()
    added = result(call(api, "/add-port/1/7/3/"))
    assert CONFIRMATION <= time.monotonic() - begun < CONFIRMATION + 1
    assert added["applied"] is False
    assert socket().project_id == 7


def test_a_confirmation_whose_notice_was_lost_is_found_at_the_end(api: APIClient) -> None:
    with running_controller(tells=False):
        assert result(call(api, "/add-port/1/7/3/"))["applied"] is True


def test_adding_it_again_succeeds_changes_nothing_and_waits_for_nothing(api: APIClient) -> None:
    with running_controller():
        first = result(call(api, "/add-port/1/7/3/"))
    before = Socket.objects.values().get()
    begun = time.monotonic()
    assert result(call(api, "/add-port/2/7/3/")) == first
    assert time.monotonic() - begun < CONFIRMATION
    assert Socket.objects.values().get() == before


def test_of_two_projects_that_want_a_socket_at_once_one_has_it(api: APIClient) -> None:
    waiting = [api.post(f"/add-port/1/{project}/3/").json()["operation"] for project in (7, 8)]
    with running_controller():
        drain(7)
        drain(8)
    seven, eight = (Operation.objects.get(pk=pk) for pk in waiting)
    assert result(seven)["applied"] is True
    assert refused(eight) == "socket_taken"
    assert socket().project_id == 7


def test_of_two_that_write_at_the_same_moment_the_database_lets_one_win(api: APIClient) -> None:
    """Another session has written the socket and not committed when the worker looks: it waits, and finds it taken."""
    written = threading.Event()

    @transaction.atomic
    def be_faster() -> None:
        Socket.objects.update(project=8)
        written.set()
        deadline = time.monotonic() + PATIENCE
        while not blocked_sessions():
            assert time.monotonic() < deadline, "the worker writes nothing"

    with beside() as start:
        response = api.post("/add-port/1/7/3/")
        faster = start(be_faster)
        assert written.wait(PATIENCE)
        drain(7)
        faster.result()
    assert refused(Operation.objects.get(pk=response.json()["operation"])) == "socket_taken"
    assert (socket().project_id, socket().assigned_by) == (8, None)


def blocked_sessions() -> int:
    """How many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(("meanwhile", "code"), [
    ({"enabled": False, "disabled_reason": "loop"}, "socket_disabled"),
    ({"number": 9}, "unknown_socket"),
])  # fmt: skip
def test_what_changed_while_the_call_waited_is_refused(api: APIClient, meanwhile: dict[str, Any], code: str) -> None:
    asked = api.post("/add-port/1/7/3/").json()["operation"]
    Socket.objects.update(**meanwhile)
    drain(7)
    assert refused(Operation.objects.get(pk=asked)) == code
    assert not Socket.objects.filter(project=7).exists()


def test_the_quota_is_counted_again_when_the_call_is_run(api: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = 1
    rows.socket(socket().switch, number=4, of_port=4)
    waiting = [api.post(f"/add-port/1/7/{number}/").json()["operation"] for number in (3, 4)]
    with running_controller():
        drain(7)
    first, second = (Operation.objects.get(pk=pk) for pk in waiting)
    assert result(first)["applied"] is True
    assert refused(second) == "quota_exceeded"


def test_a_refused_call_builds_no_network(api: APIClient) -> None:
    asked = api.post("/add-port/1/9/3/").json()["operation"]
    Socket.objects.update(project=8)
    drain(9)
    assert refused(Operation.objects.get(pk=asked)) == "socket_taken"
    assert (Project.objects.get(pk=9).vlan, Project.objects.get(pk=9).status) == (None, "NONE")


def test_a_socket_that_is_given_away_while_its_switch_is_waited_for_is_told(api: APIClient) -> None:
    """Staff are faster than the switch."""

    def give_away() -> None:
        deadline = time.monotonic() + CONFIRMATION
        while not Socket.objects.filter(project=7).update(project=8):
            assert time.monotonic() < deadline, "the worker gave it to nobody"

    with beside() as start:
        staff = start(give_away)
        added = call(api, "/add-port/1/7/3/")
        staff.result()
    assert refused(added) == "socket_taken"
    assert socket().project_id == 8


def test_a_switch_without_its_port_is_connected_on_the_way(api: APIClient) -> None:
    nic = rows.vlan_switch(trunk="nmt-never")
    rows.socket(nic, number=4, of_port=4)
    failed = call(api, "/add-port/1/7/4/")
    assert (failed.error_code, failed.operators, "nmt-never" in failed.error) == ("switch_not_connected", True, True)
    assert Socket.objects.get(pk=4).project_id is None
    assert result(call(api, "/add-port/1/7/3/"))["port"] == 3


def test_a_socket_that_was_removed_is_free_and_its_switch_has_confirmed_it(api: APIClient) -> None:
    with running_controller():
        result(call(api, "/add-port/1/7/3/"))
        begun = time.monotonic()
        assert result(call(api, "/remove-port/1/3/")) == {"port": 3, "applied": True}
        assert time.monotonic() - begun < CONFIRMATION
    assert (socket().project_id, socket().assigned_by, socket().assigned_at, socket().applied_vlan) == (None, None, None, None)


def test_without_a_controller_a_removed_socket_is_not_confirmed(api: APIClient) -> None:
    Socket.objects.update(project=7, applied_vlan=42)
    assert result(call(api, "/remove-port/1/3/")) == {"port": 3, "applied": False}
    assert socket().project_id is None


def test_removing_what_somebody_freed_in_the_meantime_succeeds(api: APIClient) -> None:
    Socket.objects.update(project=7)
    asked = api.post("/remove-port/1/3/").json()["operation"]
    Socket.objects.update(project=None)
    drain(7)
    assert result(Operation.objects.get(pk=asked)) == {"port": 3, "applied": True}


def test_removing_what_was_given_to_another_project_in_the_meantime_leaves_it_there(api: APIClient) -> None:
    Socket.objects.update(project=7)
    asked = api.post("/remove-port/1/3/").json()["operation"]
    Socket.objects.update(project=8)
    drain(7)
    assert refused(Operation.objects.get(pk=asked)) == "unknown_socket"
    assert socket().project_id == 8


def test_moving_a_socket_takes_two_calls_and_no_wait(api: APIClient) -> None:
    with running_controller():
        begun = time.monotonic()
        result(call(api, "/add-port/1/7/3/"))
        result(call(api, "/remove-port/1/3/"))
        assert result(call(api, "/add-port/1/8/3/", project=8)) == {"port": 3, "project_id": 8, "vlan": 43, "applied": True}
        assert time.monotonic() - begun < CONFIRMATION
    assert host.ovsdb.ports("nmt-p8")
