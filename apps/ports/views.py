"""POST /add-port/ and /remove-port/."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import answer
from apps.operations.services import Caller
from apps.ports import selectors, services
from apps.ports.serializers import AddPortPath, RemovePortPath


class AddPort(APIView):
    """POST /add-port/{user_id}/{project_id}/{port_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = AddPortPath.read(**path)
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.port_add(caller, ids["project_id"], ids["port_id"]))


class RemovePort(APIView):
    """POST /remove-port/{user_id}/{port_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = RemovePortPath.read(**path)
        socket = selectors.socket_find(ids["user_id"], ids["port_id"])
        if socket.project_id is None:
            return Response({"success": True, "port": socket.pk, "applied": socket.applied_vlan is None})
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.port_remove(caller, socket))
