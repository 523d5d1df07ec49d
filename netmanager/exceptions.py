"""Errors to HTTP: every failure is `{"success": false, "error": <sentence>, "code": <slug>}`."""

import re
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.errors import NetManagerError
from datacenter.errors import DatacenterError, DatacenterUnavailable

DATABASE_AWAY = "PostgreSQL does not answer; is it running? Repeat the call, one that changes anything under its Idempotency-Key."
GOING_DOWN = {None, "57P01", "57P02", "57P03"}  # no word of the server, or its last (PostgreSQL, appendix A)
KEPT = {401, 405, 413, 429}  # every other 4xx is a 400


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler (it rolls back); unknown errors go on to Django's `server_error` below."""
    converted = _converted(error)
    response = exception_handler(converted, context)
    if response is None or not isinstance(converted, exceptions.APIException):
        return response
    if response.status_code not in KEPT and response.status_code < 500:
        response.status_code = status.HTTP_404_NOT_FOUND if isinstance(error, Http404) else status.HTTP_400_BAD_REQUEST
    response.data = failure(_code(converted), _sentence(converted))
    return response


def failure(code: str, sentence: str) -> dict[str, Any]:
    """The body of every failure."""
    return {"success": False, "error": sentence, "code": code}


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(failure("bad_request", "The request is malformed or names a host that is not ours."), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(failure("forbidden", "This request is refused; reload the page and try again."), status=403)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    sentence = f"There is nothing at {request.path}; paths end in a slash and are listed in the README."
    return JsonResponse(failure("not_found", sentence), status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    sentence = "NetManager failed; the operator finds the reason in the log of the web process."
    return JsonResponse(failure("internal", sentence), status=500)


def _converted(error: Exception) -> Exception:
    if isinstance(error, NetManagerError):
        converted = exceptions.APIException(error.sentence, error.code)
        converted.status_code = 500 if error.operators else 400
        return converted
    if isinstance(error, DatacenterError):
        code = "datacenter_unavailable" if isinstance(error, DatacenterUnavailable) else "datacenter"
        converted = exceptions.APIException(str(error), code)
        converted.status_code = 500
        return converted
    if _is_away(error):
        converted = exceptions.APIException(DATABASE_AWAY, "database_unavailable")
        converted.status_code = 500
        return converted
    if isinstance(error, RequestDataTooBig):
        converted = exceptions.APIException("The request body is too large.", "too_large")
        converted.status_code = 413
        return converted
    if isinstance(error, Http404):
        return exceptions.NotFound()
    return error


def _is_away(error: Exception) -> bool:
    """Whether PostgreSQL has not answered, or not to the end; what it refuses (its disk is full) is another thing."""
    return isinstance(error, OperationalError | InterfaceError) and getattr(error.__cause__, "pgcode", None) in GOING_DOWN


def _code(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    if isinstance(error, exceptions.ParseError):
        return "malformed"
    codes = error.get_codes()
    return codes if isinstance(codes, str) else str(error.default_code)


def _sentence(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return " ".join(_flat(error.detail)) or "The request is not valid."
    if isinstance(error, exceptions.Throttled):
        return f"This service calls too often; try again in {error.wait} s."  # type: ignore[attr-defined]  # stubs lack it
    return re.sub(r"\s+", " ", str(error.detail))


def _flat(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [f"{key}: {text}" if key != "non_field_errors" else text for key, value in detail.items() for text in _flat(value)]
    if isinstance(detail, list):
        return [text for value in detail for text in _flat(value)]
    return [str(detail)]
