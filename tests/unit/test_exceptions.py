"""Errors to HTTP."""

from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response

from apps.errors import Broken, Rejected
from datacenter.errors import DatacenterError, DatacenterUnavailable, ImageMissing
from netmanager.exceptions import handle


class DiskFull(Exception):
    """As psycopg2 has it."""

    pgcode = "53100"


def answer(error: Exception) -> Response:
    response = handle(error, {})
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Rejected("name_taken", "Taken."), 400, "name_taken"),
        (Broken("no_free_vlan", "None."), 500, "no_free_vlan"),
        (DatacenterError("Broken."), 500, "datacenter"),
        (DatacenterUnavailable("Away."), 500, "datacenter_unavailable"),
        (ImageMissing("Gone."), 500, "datacenter"),
        (OperationalError("Connection refused."), 500, "database_unavailable"),
        (Http404(), 404, "not_found"),
        (RequestDataTooBig(), 413, "too_large"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "authentication_failed"),
        (exceptions.MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (exceptions.UnsupportedMediaType("text/csv"), 400, "unsupported_media_type"),
        (exceptions.NotAcceptable(), 400, "not_acceptable"),
        (exceptions.PermissionDenied(), 400, "permission_denied"),
        (exceptions.ParseError(), 400, "malformed"),
        (exceptions.ValidationError({"name": ["No."]}), 400, "invalid"),
    ],
)
def test_every_error_has_a_status_a_code_and_a_sentence(error: Exception, status: int, code: str) -> None:
    response = answer(error)
    assert (response.status_code, response.data["code"]) == (status, code)
    assert set(response.data) == {"success", "error", "code"}
    assert response.data["success"] is False
    assert response.data["error"]


def test_an_unknown_error_is_left_to_django() -> None:
    assert handle(ZeroDivisionError(), {}) is None


def test_a_database_that_answers_is_not_said_to_be_away() -> None:
    full = OperationalError("No space left on device.")
    full.__cause__ = DiskFull()
    assert handle(full, {}) is None


def test_our_own_sentence_goes_out_unchanged() -> None:
    assert answer(Rejected("name_taken", "Project 7 has it.")).data["error"] == "Project 7 has it."


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ({"name": ["Too long.", "Too odd."], "image": ["Unknown."]}, "name: Too long. name: Too odd. image: Unknown."),
        ({"non_field_errors": ["Not a form."]}, "Not a form."),
        ({"a": {"b": ["Deep."]}}, "a: b: Deep."),
        (["Plain."], "Plain."),
        ([], "The request is not valid."),
    ],
)
def test_what_is_wrong_with_a_form_is_told_in_one_line(detail: Any, sentence: str) -> None:
    assert answer(exceptions.ValidationError(detail)).data["error"] == sentence


def test_line_breaks_of_a_detail_do_not_reach_the_caller() -> None:
    assert answer(APIException(ErrorDetail("one\n  two", "x"))).data["error"] == "one two"
