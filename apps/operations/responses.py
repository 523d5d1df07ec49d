"""The HTTP answer to an operation: 200 with its result, its failure, or 202 while it goes on."""

from django.conf import settings
from rest_framework import status
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.errors import Broken, Rejected
from apps.operations.deadline import TIME_LIMIT
from apps.operations.models import Operation, State
from apps.operations.waiting import wait_for


def answer(operation: Operation) -> Response:
    """Wait for the operation and answer from its row; raises its failure as NetManagerError."""
    shortened = settings.NETMANAGER_WAIT_SECONDS
    done = wait_for(operation.uuid, TIME_LIMIT if shortened is None else shortened)
    if done.state == State.FAILED:
        raise (Broken if done.operators else Rejected)(done.error_code, done.error)
    if done.state == State.SUCCEEDED:
        return Response({"success": True, **done.result})
    return Response(
        {"success": True, "pending": True, "operation": str(done.uuid)},
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": reverse("operation", args=[done.uuid])},
    )
