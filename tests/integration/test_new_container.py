"""POST /new-container/, up to what the worker is given."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation
from tests.integration import rows
from tests.integration.conftest import SERVICE
from tests.integration.requests import refused_and_unwritten

pytestmark = pytest.mark.django_db
PATH = "/new-container/1/7/"


@pytest.fixture(autouse=True)
def nobody_waits(settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0


@pytest.mark.parametrize(
    "name",
    ["Web", "my db", "-web", "web-", "web_1", "w\u00e9b", "\u0661", "a" * 64, "router", "localhost", "../x", "a.b", "\U0001f600"],
)
def test_it_refuses_bad_names(api: APIClient, name: str) -> None:
    rows.image()
    code, sentence = refused_and_unwritten(api.post(PATH, {"name": name}))
    assert code == "invalid"
    assert sentence.startswith("name: ")


def test_it_refuses_an_image_that_the_catalogue_does_not_have_and_names_those_it_has(api: APIClient) -> None:
    rows.image()
    rows.image(name="python", is_default=False)
    code, sentence = refused_and_unwritten(api.post(PATH, {"image": "debian:bookworm-slim"}))
    assert code == "unknown_image"
    assert "default, python" in sentence


def test_without_a_default_image_the_operator_is_told(api: APIClient) -> None:
    assert refused_and_unwritten(api.post(PATH), 500)[0] == "no_default_image"


@pytest.mark.parametrize("form", ["multipart", "json"])
def test_it_writes_what_was_asked_for_and_in_whose_name(api: APIClient, form: str) -> None:
    rows.image()
    rows.image(name="python", reference="python:3.11", command="python -m http.server", is_default=False)
    response = api.post(PATH, {"name": "web", "image": "python"}, format=form)
    operation = Operation.objects.get()
    assert response.status_code == 202
    assert response.json() == {"success": True, "pending": True, "operation": str(operation.pk)}
    assert (operation.kind, operation.project_id, operation.user_id, operation.service) == ("new-container", 7, 1, SERVICE)
    assert operation.request == {"name": "web", "image": "python:3.11", "command": "python -m http.server", "dockerfile": ""}


def test_everything_is_optional(api: APIClient) -> None:
    rows.image()
    assert api.post(PATH).status_code == 202
    assert Operation.objects.get().request == {"name": "", "image": "nmt-default:latest", "command": "", "dockerfile": ""}
