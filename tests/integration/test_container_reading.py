"""Who may look at a container, by GET /get-container-info/ and /get-container-logs/."""

import pytest
from rest_framework.test import APIClient

from tests.integration import rows
from tests.integration.requests import refusal

PATHS = ["/get-container-info/{user}/{docker_id}/", "/get-container-logs/{user}/{docker_id}/"]
DOCKER_ID = "0123456789ab"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("path", PATHS)]


@pytest.fixture(autouse=True)
def container(transactional_db: None) -> None:
    """User 1's container."""
    project = rows.active_project()
    rows.member(project)
    rows.container(project, docker_id=DOCKER_ID)


def asked(api: APIClient, path: str, docker_id: str, user: int = 1) -> tuple[str, str]:
    return refusal(api.get(path.format(user=user, docker_id=docker_id)))


def test_what_is_no_docker_id_is_refused(api: APIClient, path: str) -> None:
    assert asked(api, path, "web")[0] == "invalid_docker_id"


def test_the_container_of_others_is_answered_exactly_as_an_unknown_one(api: APIClient, path: str) -> None:
    rows.member(rows.active_project(8, 43), user_id=2)
    theirs, unknown = asked(api, path, DOCKER_ID, user=2), asked(api, path, "ba9876543210", user=2)
    assert theirs[0] == unknown[0] == "unknown_container"
    assert theirs[1].replace(DOCKER_ID, "ID") == unknown[1].replace("ba9876543210", "ID")


def test_it_is_read_and_not_posted(api: APIClient, path: str) -> None:
    assert refusal(api.post(path.format(user=1, docker_id=DOCKER_ID)), 405)[0] == "method_not_allowed"


def test_it_needs_a_token(anonymous: APIClient, path: str) -> None:
    assert refusal(anonymous.get(path.format(user=1, docker_id=DOCKER_ID)), 401)[0] == "not_authenticated"


def test_an_engine_that_does_not_answer_is_told_to_the_operator(api: APIClient, path: str) -> None:
    code, sentence = refusal(api.get(path.format(user=1, docker_id=DOCKER_ID)), 500)  # the test instance has none
    assert code == "datacenter_unavailable"
    assert "is dockerd running?" in sentence
