"""Which container a docker_id means, and for whom."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.containers.models import Container
from apps.operations.models import Operation, State
from apps.projects.models import Project
from tests.integration import rows
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db
PATHS = [f"/{change}-container/{{user}}/{{docker_id}}/" for change in ("start", "stop", "restart", "remove")]
DOCKER_ID = "0123456789ab"


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0


@pytest.fixture(autouse=True)
def container() -> None:
    """User 1's container."""
    project = rows.active_project()
    rows.member(project)
    rows.container(project, docker_id=DOCKER_ID)


def asked(api: APIClient, path: str, docker_id: str, user: int = 1) -> tuple[str, str]:
    answer = refusal(api.post(path.format(user=user, docker_id=docker_id)))
    assert not Operation.objects.filter(state=State.WAITING).exists()
    return answer


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bad", ["012", "0123456789AB", "xyz1", "web", "01 23", "%D9%A1123", "a" * 65, "0123%25", "____"])
def test_it_refuses_what_is_no_docker_id(api: APIClient, path: str, bad: str) -> None:
    assert asked(api, path, bad)[0] == "invalid_docker_id"


def test_it_refuses_a_zero_byte_before_postgresql_does(api: APIClient) -> None:
    assert asked(api, PATHS[0], "0123%00")[0] == "invalid"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("unknown", ["ffff", "1234", "0123456789ac", "f" * 64])
def test_an_unknown_container_is_told_as_that(api: APIClient, path: str, unknown: str) -> None:
    code, sentence = asked(api, path, unknown)
    assert code == "unknown_container"
    assert unknown in sentence


@pytest.mark.parametrize("path", PATHS)
def test_the_container_of_others_is_answered_exactly_as_an_unknown_one(api: APIClient, path: str) -> None:
    rows.member(rows.active_project(8, 43), user_id=2)
    theirs, unknown = asked(api, path, DOCKER_ID, user=2), asked(api, path, "ba9876543210", user=2)
    assert theirs[0] == unknown[0] == "unknown_container"
    assert theirs[1].replace(DOCKER_ID, "ID") == unknown[1].replace("ba9876543210", "ID")


@pytest.mark.parametrize("path", PATHS)
def test_an_ambiguous_prefix_is_refused_and_a_longer_one_is_not(api: APIClient, path: str) -> None:
    second = rows.active_project(8, 43)
    rows.member(second)
    rows.container(second, docker_id="01239999abcd")
    assert asked(api, path, "0123")[0] == "ambiguous_container"
    assert api.post(path.format(user=1, docker_id="01239")).status_code == 202
    assert Operation.objects.get().project_id == 8


@pytest.mark.parametrize("path", PATHS)
def test_the_containers_of_others_make_no_prefix_ambiguous(api: APIClient, path: str) -> None:
    rows.container(rows.active_project(8, 43), docker_id="01239999abcd")
    assert api.post(path.format(user=1, docker_id="0123")).status_code == 202
    assert Operation.objects.get().target == DOCKER_ID


@pytest.mark.parametrize("docker_id", ["0123", DOCKER_ID, DOCKER_ID + "0" * 52])
def test_any_prefix_and_dockers_long_id_are_understood(api: APIClient, docker_id: str) -> None:
    assert api.post(PATHS[0].format(user=1, docker_id=docker_id)).status_code == 202
    operation = Operation.objects.get()
    assert (operation.kind, operation.target, operation.project_id) == ("start-container", DOCKER_ID, 7)


@pytest.mark.parametrize("change", ["start", "stop", "restart"])
def test_the_documents_get_does_the_same_as_post(api: APIClient, change: str) -> None:
    assert api.get(f"/{change}-container/1/{DOCKER_ID}/").status_code == 202
    assert Operation.objects.get().kind == f"{change}-container"


def test_a_container_that_is_being_made_cannot_be_named(api: APIClient) -> None:
    rows.container(rows.active_project(8, 43), docker_id="")
    assert asked(api, PATHS[0], "1111")[0] == "unknown_container"


@pytest.mark.parametrize("path", PATHS)
def test_a_container_that_was_replaced_says_by_which(api: APIClient, path: str) -> None:
    for former in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        rows.former_id(Container.objects.get(docker_id=DOCKER_ID), former)
    for old in ("aaaaaaaaaaaa", "bbbb", "aaaaaaaaaaaa" + "0" * 52):
        code, sentence = asked(api, path, old)
        assert (code, DOCKER_ID in sentence) == ("container_replaced", True)


@pytest.mark.parametrize("path", PATHS)
def test_one_whose_successor_is_gone_too_is_unknown(api: APIClient, path: str) -> None:
    gone = rows.container(Project.objects.get(pk=7), name="db", ip="10.80.42.129", docker_id="cccccccccccc")
    rows.former_id(gone, "aaaaaaaaaaaa")
    gone.delete()
    assert asked(api, path, "aaaa")[0] == "unknown_container"


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_told_of_no_successor(api: APIClient, path: str) -> None:
    rows.former_id(Container.objects.get(docker_id=DOCKER_ID), "aaaaaaaaaaaa")
    assert asked(api, path, "aaaa", user=9)[0] == "unknown_container"
