"""POST /create-bridge/ and /delete-bridge/."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import perform
from apps.projects import services
from apps.projects.serializers import ProjectPath


class CreateBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_create(caller, ids["project_id"]))


class DeleteBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_delete(caller, ids["project_id"]))
