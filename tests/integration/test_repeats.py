"""Idempotency-Key and Prefer: respond-async, up to what the worker is given."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation, State
from tests.integration import rows
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db
PATH = "/new-container/1/7/"


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0
    rows.image()


def keyed(api: APIClient, key: str = "k-1", path: str = PATH, **fields: object) -> Any:
    return api.post(path, fields, headers={"Idempotency-Key": key})


def dockerfile(text: str = "FROM debian\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("Dockerfile", text.encode())


def end(state: State, **columns: object) -> None:
    Operation.objects.update(state=state, finished=timezone.now(), **columns)


def test_a_repeat_is_the_same_operation(api: APIClient) -> None:
    first, second = keyed(api, name="web").json(), keyed(api, name="web").json()
    assert first == second
    assert Operation.objects.count() == 1


def test_a_repeat_returns_the_outcome_of_the_first_also_when_the_call_would_be_refused_now(api: APIClient) -> None:
    container = rows.container(rows.project())
    rows.member(container.project)
    path = "/remove-container/1/0123456789ab/"
    keyed(api, path=path)
    end(State.SUCCEEDED, result={})
    container.delete()
    response = keyed(api, path=path)
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert refusal(api.post(path))[0] == "unknown_container"


def test_a_repeat_of_a_call_that_failed_returns_its_failure(api: APIClient) -> None:
    keyed(api)
    end(State.FAILED, error_code="name_taken", error="Project 7 has it.")
    assert refusal(keyed(api)) == ("name_taken", "Project 7 has it.")


def test_the_same_key_with_another_request_is_refused_and_changes_nothing(api: APIClient) -> None:
    keyed(api, name="web", dockerfile=dockerfile())
    for path, fields in (
        (PATH, {"name": "db", "dockerfile": dockerfile()}),
        (PATH, {"name": "web", "dockerfile": dockerfile("FROM other\n")}),
        (PATH, {"name": "web"}),
        ("/new-container/1/8/", {"name": "web", "dockerfile": dockerfile()}),
        ("/create-bridge/1/7/", {}),
    ):
        code, sentence = refusal(keyed(api, path=path, **fields))
        assert (code, "k-1" in sentence) == ("idempotency_mismatch", True)
    assert Operation.objects.count() == 1


def test_a_repeat_may_have_another_boundary_and_another_file_name(api: APIClient) -> None:
    first = keyed(api, dockerfile=dockerfile())
    second = keyed(api, dockerfile=SimpleUploadedFile("other", b"FROM debian\n"))
    assert first.json() == second.json()


def test_keys_of_another_service_are_its_own(api: APIClient, other_api: APIClient) -> None:
    assert keyed(api).json() != keyed(other_api).json()
    assert Operation.objects.count() == 2


def test_freeing_a_free_socket_is_remembered_too(api: APIClient) -> None:
    socket = rows.socket(rows.switch())
    assert keyed(api, path="/remove-port/1/3/").json()["applied"] is True
    socket.project = rows.project()
    socket.save()
    assert keyed(api, path="/remove-port/1/3/").status_code == 200
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("key", ["", "a b", "k\u00e9", "x" * 256, "tab\t"])
def test_what_cannot_be_a_key_is_refused(api: APIClient, key: str) -> None:
    assert refusal(keyed(api, key))[0] == "invalid_idempotency_key"
    assert not Operation.objects.exists()


def test_a_get_takes_no_key(api: APIClient) -> None:
    rows.member(rows.container(rows.project()).project)
    for _ in range(2):
        api.get("/start-container/1/0123456789ab/", headers={"Idempotency-Key": "k-1"})
    assert Operation.objects.filter(idempotency_key=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_repeats_at_once_one_is_made(api: APIClient) -> None:
    def call(_: int) -> object:
        try:
            return keyed(api, name="web").json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("prefer", ["respond-async", "Respond-Async", "handling=lenient, respond-async", "respond-async; x=1"])
def test_who_prefers_so_is_answered_at_once(api: APIClient, settings: Settings, prefer: str) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 600
    response = api.post(PATH, headers={"Prefer": prefer})
    operation = Operation.objects.get()
    assert response.status_code == 202
    assert response.json() == {"success": True, "pending": True, "operation": str(operation.pk)}
    assert (response["Location"], response["Preference-Applied"]) == (f"/operations/{operation.pk}/", "respond-async")


def test_an_outcome_that_is_there_is_answered_also_to_who_does_not_wait(api: APIClient) -> None:
    keyed(api)
    end(State.SUCCEEDED, result={"ip": "10.0.0.1"})
    response = api.post(PATH, headers={"Idempotency-Key": "k-1", "Prefer": "respond-async"})
    assert (response.status_code, response.json()) == (200, {"success": True, "ip": "10.0.0.1"})


def test_other_preferences_change_nothing(api: APIClient) -> None:
    assert "Preference-Applied" not in api.post(PATH, headers={"Prefer": "return=minimal"}).headers
