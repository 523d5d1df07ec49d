"""The container endpoints."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.containers import selectors, services, tasks
from apps.containers.serializers import ContainerPath, NewContainer
from apps.operations.responses import answer
from apps.operations.services import Caller
from apps.projects.serializers import ProjectPath
from apps.projects.services import member_admit


class CreateContainer(APIView):
    """POST /new-container/{user_id}/{project_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        body = NewContainer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.container_create(caller, ids["project_id"], wanted["name"], wanted["image"]))


class ProjectContainers(APIView):
    """GET /get-project-containers/{user_id}/{project_id}/"""

    def get(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        member_admit(**ids)
        return Response({"success": True, "containers": selectors.project_containers(ids["project_id"])})


class ChangeContainer(APIView):
    """POST of a change to one container; the documents give GET for start, stop and restart."""

    kind = ""

    def post(self, request: Request, **path: str) -> Response:
        ids = ContainerPath.read(**path)
        caller = Caller(request.user.get_username(), ids["user_id"])
        return answer(services.container_change(caller, self.kind, ids["docker_id"]))


class RemoveContainer(ChangeContainer):
    kind = tasks.REMOVE


class ChangeContainerByGet(ChangeContainer):
    http_method_names = ["get", "post"]  # a HEAD would be taken for a GET

    def get(self, request: Request, **path: str) -> Response:
        return self.post(request, **path)


class StartContainer(ChangeContainerByGet):
    kind = tasks.START


class StopContainer(ChangeContainerByGet):
    kind = tasks.STOP


class RestartContainer(ChangeContainerByGet):
    kind = tasks.RESTART
