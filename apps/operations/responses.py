"""The HTTP answer to a change: 200 with its result, its failure, or 202 while it goes on."""

from collections.abc import Callable

from django.conf import settings
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.errors import Broken, Rejected
from apps.operations.deadline import TIME_LIMIT
from apps.operations.models import Operation, State
from apps.operations.requests import caller_of, responds_async
from apps.operations.services import Caller, operation_repeated
from apps.operations.waiting import wait_for


def perform(request: Request, user_id: int, submit: Callable[[Caller], Operation]) -> Response:
    """Have a change made, or find the first call of which this is a repeat, and answer; raises its failure as NetManagerError."""
    caller = caller_of(request, user_id)
    operation = operation_repeated(caller) or submit(caller)
    if not responds_async(request):
        return _answer(wait_for(operation.uuid, _patience()))
    response = _answer(wait_for(operation.uuid, 0))
    response.headers["Preference-Applied"] = "respond-async"
    return response


def _patience() -> float:
    """Seconds: as long as an operation may take, unless the settings shorten it."""
    shortened: int | None = settings.NETMANAGER_WAIT_SECONDS
    return TIME_LIMIT + settings.NETMANAGER_BUILD_SECONDS if shortened is None else shortened


def _answer(operation: Operation) -> Response:
    if operation.state == State.FAILED:
        raise (Broken if operation.operators else Rejected)(operation.error_code, operation.error)
    if operation.state == State.SUCCEEDED:
        return Response({"success": True, **operation.result})
    return Response(
        {"success": True, "pending": True, "operation": str(operation.uuid)},
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": reverse("operation", args=[operation.uuid])},
    )
