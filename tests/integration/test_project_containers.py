"""GET /get-project-containers/."""

import pytest
from rest_framework.test import APIClient

from tests.integration import rows

pytestmark = pytest.mark.django_db
PATH = "/get-project-containers/1/7/"


def test_a_project_that_nobody_has_heard_of_has_none(api: APIClient) -> None:
    response = api.get(PATH)
    assert (response.status_code, response.json()) == (200, {"success": True, "containers": []})


def test_a_project_without_a_network_has_none(api: APIClient) -> None:
    rows.project()
    rows.container(rows.active_project(8, 43))
    assert api.get(PATH).json()["containers"] == []


def test_a_container_that_is_being_made_is_not_listed(api: APIClient) -> None:
    rows.container(rows.active_project(), docker_id="")
    assert api.get(PATH).json()["containers"] == []
