"""POST /create-bridge/ and /delete-bridge/, and a project's members."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.responses import perform
from apps.projects import selectors, serializers, services
from apps.projects.serializers import MembersPath, ProjectPath


class CreateBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_create(caller, ids["project_id"]))


class DeleteBridge(APIView):
    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_delete(caller, ids["project_id"]))


class Members(APIView):
    """GET and PUT /projects/{project_id}/members/; who sets them closes the project."""

    def get(self, request: Request, **path: str) -> Response:
        ids = MembersPath.read(**path)
        return Response({"success": True, **selectors.project_members(ids["project_id"])})

    def put(self, request: Request, **path: str) -> Response:
        ids = MembersPath.read(**path)
        body = serializers.Members(data=request.data)
        body.is_valid(raise_exception=True)
        service = request.user.get_username()
        return Response({"success": True, **services.members_set(service, ids["project_id"], body.validated_data["members"])})
