"""How far operations are; to each service its own."""

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations import refusals
from apps.operations.answers import OperationAnswer, OperationsAnswer
from apps.operations.pages import NewestFirst
from apps.operations.schema import reads
from apps.operations.selectors import operation_find, operations_asked_for
from apps.operations.serializers import ListedOperation, OperationPath, OperationQuery, OperationSerializer, PathSerializer


@extend_schema_view(get=reads(OperationPath, OperationAnswer, {404: refusals.MISSING}, operation_id="operation"))
class OperationDetail(APIView):
    """How far an operation is, for the service that asked for it."""

    def get(self, request: Request, uuid: uuid.UUID) -> Response:
        operation = operation_find(uuid, request.user.get_username())
        if operation is None:
            raise Http404
        return Response({"success": True, "operation": OperationSerializer(operation).data})


@extend_schema_view(get=reads(PathSerializer, OperationsAnswer, {400: refusals.QUERY}, query=OperationQuery))
class OperationList(APIView):
    """The operations that the service asked for, the newest first."""

    def get(self, request: Request) -> Response:
        query = OperationQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        pages = NewestFirst()
        page = pages.paginate_queryset(operations_asked_for(request.user.get_username(), query.validated_data), request, self)
        shown = ListedOperation(page, many=True).data
        return Response(
            {"success": True, "operations": shown, "next": pages.get_next_link(), "previous": pages.get_previous_link()}
        )
