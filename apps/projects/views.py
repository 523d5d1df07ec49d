"""POST /create-bridge/ and /delete-bridge/, and a project's members."""

from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.answers import Answer
from apps.operations.responses import perform
from apps.operations.schema import changes, reads, sets
from apps.projects import answers, refusals, selectors, serializers, services
from apps.projects.serializers import MembersPath, ProjectPath


@extend_schema_view(post=changes(ProjectPath, answers.Network, refusals.CREATE))
class CreateBridge(APIView):
    """Builds the project's network, or repairs it if it has one."""

    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_create(caller, ids["project_id"]))


@extend_schema_view(post=changes(ProjectPath, Answer, refusals.DELETE))
class DeleteBridge(APIView):
    """Removes the project's network and all its containers, and frees its sockets."""

    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.bridge_delete(caller, ids["project_id"]))


@extend_schema_view(
    get=reads(MembersPath, answers.Members, refusals.MEMBERS),
    put=sets(MembersPath, answers.Members, refusals.MEMBERS, body=serializers.Members),
)
class Members(APIView):
    """The project's members; who sets them closes the project: it admits these alone from then on."""

    def get(self, request: Request, **path: str) -> Response:
        ids = MembersPath.read(**path)
        return Response({"success": True, **selectors.project_members(ids["project_id"])})

    def put(self, request: Request, **path: str) -> Response:
        ids = MembersPath.read(**path)
        body = serializers.Members(data=request.data)
        body.is_valid(raise_exception=True)
        service = request.user.get_username()
        return Response({"success": True, **services.members_set(service, ids["project_id"], body.validated_data["members"])})
