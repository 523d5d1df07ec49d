"""Who is let into a project."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation
from apps.ports.models import Socket
from apps.projects.models import Member, Project
from tests.integration import rows
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db
ALL = [
    "/create-bridge/{}/7/",
    "/delete-bridge/{}/7/",
    "/new-container/{}/7/",
    "/get-project-containers/{}/7/",
    "/add-port/{}/7/3/",
]

BY_CONTAINER = [f"/{change}-container/{{}}/{{}}/" for change in ("update", "start", "stop", "restart", "remove")]
OF_SEVEN, OF_NOBODY = ("0123456789ab", "3"), ("ffffffffffff", "99")


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0
    rows.image()
    rows.socket(rows.switch())


def status(api: APIClient, path: str, user: int) -> int:
    response = api.get(path.format(user)) if path.startswith("/get-") else api.post(path.format(user))
    if response.status_code == 400:
        code, sentence = refusal(response)
        assert (code, "7" in sentence, str(user) in sentence) == ("not_a_member", True, True)
    return int(response.status_code)


@pytest.mark.parametrize("path", ALL)
def test_the_callers_word_makes_a_project_and_a_member_once(api: APIClient, path: str) -> None:
    assert {status(api, path, user) for user in (1, 1, 2)} <= {200, 202}
    assert list(Project.objects.values_list("project_id", flat=True)) == [7]
    assert sorted(Member.objects.values_list("project_id", "user_id")) == [(7, 1), (7, 2)]


@pytest.mark.parametrize("path", ALL)
def test_only_members_get_into_a_closed_project(api: APIClient, path: str) -> None:
    rows.member(rows.project(7, closed=True), user_id=1)
    assert status(api, path, 1) in {200, 202}
    before = Operation.objects.count()
    assert status(api, path, 2) == 400
    assert Operation.objects.count() == before
    assert list(Member.objects.values_list("user_id", flat=True)) == [1]


@pytest.mark.parametrize("path", ALL)
def test_without_vouching_only_members_get_into_any_project(api: APIClient, settings: Settings, path: str) -> None:
    settings.NETMANAGER_VOUCHING = False
    assert status(api, path, 2) == 400
    assert not Project.objects.exists()
    assert not Operation.objects.exists()
    rows.member(rows.project(7), user_id=1)
    assert status(api, path, 1) in {200, 202}
    assert status(api, path, 2) == 400


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("path", [*BY_CONTAINER, "/remove-port/{}/{}/"])
def test_what_is_of_a_project_of_others_is_as_unknown_as_what_is_not_there(api: APIClient, path: str, closed: bool) -> None:
    seven = rows.project(closed=closed)
    rows.member(seven, user_id=1)
    rows.member(rows.project(8), user_id=9)
    rows.container(seven)
    Socket.objects.update(project=seven)
    number = 1 if path.startswith("/remove-port") else 0

    def post(user: int, which: tuple[str, str]) -> Any:
        return api.post(path.format(user, which[number]), {"dockerfile": SimpleUploadedFile("Dockerfile", b"FROM scratch")})

    theirs, nobodys = (refusal(post(9, which)) for which in (OF_SEVEN, OF_NOBODY))
    assert theirs[0] in {"unknown_container", "unknown_socket"}
    assert theirs == (nobodys[0], nobodys[1].replace(OF_NOBODY[number], OF_SEVEN[number]))
    assert not Operation.objects.exists()
    assert post(1, OF_SEVEN).status_code == 202
