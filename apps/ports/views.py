"""POST /add-port/ and /remove-port/."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import perform
from apps.ports import services
from apps.ports.serializers import AddPortPath, RemovePortPath


class AddPort(APIView):
    """POST /add-port/{user_id}/{project_id}/{port_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = AddPortPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.port_add(caller, ids["project_id"], ids["port_id"]))


class RemovePort(APIView):
    """POST /remove-port/{user_id}/{port_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = RemovePortPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.port_remove(caller, ids["port_id"]))
