"""GET /operations/{uuid}/, and the answers that lead there."""

import uuid
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation, State
from tests.integration import rows
from tests.integration.conftest import SERVICE
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db


def ended(state: State, **columns: Any) -> Operation:
    return rows.operation(service=SERVICE, state=state, finished=timezone.now(), **columns)


def test_a_call_that_nobody_waits_for_leads_to_its_operation(api: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_WAIT_SECONDS = 0
    response = api.post("/create-bridge/1/7/")
    assert response.status_code == 202
    shown = api.get(response["Location"]).json()["operation"]
    assert (shown["uuid"], shown["kind"], shown["state"]) == (response.json()["operation"], "create-bridge", "WAITING")


def test_a_success_shows_its_result_and_a_failure_its_reason(api: APIClient) -> None:
    done = ended(State.SUCCEEDED, result={"vlan": 42})
    failed = ended(State.FAILED, error_code="name_taken", error="Taken.", log="Step 1")
    assert api.get(f"/operations/{done.pk}/").json()["operation"]["result"] == {"vlan": 42}
    shown = api.get(f"/operations/{failed.pk}/").json()["operation"]
    assert (shown["error_code"], shown["error"], shown["log"]) == ("name_taken", "Taken.", "Step 1")


def test_the_operation_of_another_service_is_answered_as_an_unknown_one(api: APIClient) -> None:
    theirs = rows.operation(service="someone-else")
    answers = [refusal(api.get(f"/operations/{number}/"), 404)[0] for number in (theirs.pk, uuid.uuid4())]
    assert answers == ["not_found", "not_found"]
