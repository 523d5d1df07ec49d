"""POST /add-port/ and /remove-port/."""

from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import perform
from apps.operations.schema import changes
from apps.ports import refusals, services
from apps.ports.answers import Assigned, Freed
from apps.ports.serializers import AddPortPath, RemovePortPath


@extend_schema_view(post=changes(AddPortPath, Assigned, refusals.ADD))
class AddPort(APIView):
    """Gives a socket to the project, and builds the project's network first if it has none."""

    def post(self, request: Request, **path: str) -> Response:
        ids = AddPortPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.port_add(caller, ids["project_id"], ids["port_id"]))


@extend_schema_view(post=changes(RemovePortPath, Freed, refusals.REMOVE))
class RemovePort(APIView):
    """Takes a socket from the project that has it; one that is free stays so."""

    def post(self, request: Request, **path: str) -> Response:
        ids = RemovePortPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.port_remove(caller, ids["port_id"]))
