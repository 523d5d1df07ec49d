"""POST /create-bridge/ and /delete-bridge/."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import answer
from apps.operations.services import Caller
from apps.projects import services
from apps.projects.serializers import ProjectPath


class CreateBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.bridge_create(caller, ids["project_id"]))


class DeleteBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.bridge_delete(caller, ids["project_id"]))
