"""POST /add-port/, up to what the worker is given."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation
from apps.ports.models import Socket
from apps.projects.models import Project
from tests.integration import rows
from tests.integration.conftest import SERVICE
from tests.integration.requests import refusal, refused_and_unwritten

pytestmark = pytest.mark.django_db
PATH = "/add-port/1/7/3/"


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0


@pytest.fixture(autouse=True)
def socket() -> Socket:
    return rows.socket(rows.switch())


def test_it_writes_what_was_asked_for_and_in_whose_name(api: APIClient) -> None:
    response = api.post(PATH)
    operation = Operation.objects.get()
    assert (response.status_code, response.json()["operation"]) == (202, str(operation.pk))
    assert (operation.kind, operation.project_id, operation.target) == ("add-port", 7, "3")
    assert (operation.user_id, operation.service) == (1, SERVICE)
    assert Socket.objects.get().project_id is None, "the worker gives it"


def test_an_unknown_socket_is_refused_and_makes_no_project(api: APIClient) -> None:
    code, sentence = refused_and_unwritten(api.post("/add-port/1/7/4/"))
    assert (code, "4" in sentence) == ("unknown_socket", True)


def test_a_disabled_socket_is_refused_with_the_reason(api: APIClient) -> None:
    Socket.objects.update(enabled=False, disabled_reason="loop")
    code, sentence = refused_and_unwritten(api.post(PATH))
    assert (code, "Socket 3" in sentence, "loop" in sentence) == ("socket_disabled", True, True)


def test_a_socket_that_is_disabled_without_a_reason_is_refused_too(api: APIClient) -> None:
    Socket.objects.update(enabled=False)
    assert refused_and_unwritten(api.post(PATH))[0] == "socket_disabled"


def test_a_socket_of_another_project_is_refused_and_the_project_not_named(api: APIClient) -> None:
    Socket.objects.update(project=rows.active_project(4711, 43))
    code, sentence = refusal(api.post(PATH))
    assert (code, "4711" in sentence) == ("socket_taken", False)
    assert not Operation.objects.exists()


def test_of_a_socket_that_is_taken_and_disabled_a_stranger_does_not_hear_why(api: APIClient) -> None:
    Socket.objects.update(project=rows.active_project(8, 43), enabled=False, disabled_reason="loop")
    assert refusal(api.post(PATH))[0] == "socket_taken"


def test_a_project_without_sockets_to_spare_is_told_its_quota(api: APIClient, settings: Settings, socket: Socket) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = 2
    project = rows.active_project()
    for number in (4, 5):
        rows.socket(socket.switch, number=number, of_port=number, project=project)
    code, sentence = refusal(api.post(PATH))
    assert (code, "quota of sockets, 2;" in sentence) == ("quota_exceeded", True)
    assert not Operation.objects.exists()


@pytest.mark.parametrize(("own", "status"), [(0, 400), (1, 400), (2, 202)])
def test_the_projects_own_quota_goes_before_the_default(
    api: APIClient, settings: Settings, socket: Socket, own: int, status: int
) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = {400: 8, 202: 1}[status]
    project = rows.active_project()
    Project.objects.update(quota_sockets=own)
    rows.socket(socket.switch, number=4, of_port=4, project=project)
    assert api.post(PATH).status_code == status


def test_sockets_of_other_projects_and_free_ones_count_for_no_quota(api: APIClient, settings: Settings, socket: Socket) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = 1
    rows.socket(socket.switch, number=4, of_port=4, project=rows.active_project(8, 43))
    assert api.post(PATH).status_code == 202


def test_a_socket_that_the_project_has_already_is_within_any_quota(api: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_QUOTA_SOCKETS = 0
    Socket.objects.update(project=rows.active_project())
    assert api.post(PATH).status_code == 202


def test_who_is_not_let_in_learns_nothing_of_sockets(api: APIClient) -> None:
    rows.project(7, closed=True)
    Socket.objects.update(project=rows.active_project(8, 43))
    assert {refusal(api.post(f"/add-port/1/7/{number}/"))[0] for number in (3, 4)} == {"not_a_member"}
