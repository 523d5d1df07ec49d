"""How far an operation is."""

import uuid

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.selectors import operation_find
from apps.operations.serializers import OperationSerializer


class OperationDetail(APIView):
    """GET /operations/{uuid}/, for the service that asked for it."""

    def get(self, request: Request, uuid: uuid.UUID) -> Response:
        operation = operation_find(uuid, request.user.get_username())
        if operation is None:
            raise Http404
        return Response({"success": True, "operation": OperationSerializer(operation).data})
