"""The container endpoints."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.containers import kinds, selectors, services
from apps.containers.serializers import ContainerPath, NewContainer, UpdateContainer
from apps.operations.responses import perform
from apps.projects.serializers import ProjectPath
from apps.projects.services import member_admit


class CreateContainer(APIView):
    """POST /new-container/{user_id}/{project_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        body = NewContainer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted, project_id = body.validated_data, ids["project_id"]
        return perform(request, ids["user_id"], lambda caller: services.container_create(caller, project_id, wanted))


class UpdateContainerImage(APIView):
    """POST /update-container/{user_id}/{docker_id}/"""

    def post(self, request: Request, **path: str) -> Response:
        ids = ContainerPath.read(**path)
        body = UpdateContainer(data=request.data)
        body.is_valid(raise_exception=True)
        docker_id, dockerfile = ids["docker_id"], body.validated_data["dockerfile"]
        return perform(request, ids["user_id"], lambda caller: services.container_update(caller, docker_id, dockerfile))


class ProjectContainers(APIView):
    """GET /get-project-containers/{user_id}/{project_id}/"""

    def get(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        member_admit(**ids)
        return Response({"success": True, "containers": selectors.project_containers(ids["project_id"])})


class ContainerInfo(APIView):
    """GET /get-container-info/{user_id}/{docker_id}/"""

    def get(self, request: Request, **path: str) -> Response:
        container = selectors.container_find(**ContainerPath.read(**path))
        return Response({"success": True, "stats": selectors.container_info(container)})


class ContainerLogs(APIView):
    """GET /get-container-logs/{user_id}/{docker_id}/"""

    def get(self, request: Request, **path: str) -> Response:
        container = selectors.container_find(**ContainerPath.read(**path))
        return Response({"success": True, "logs": selectors.container_logs(container)})


class ChangeContainer(APIView):
    """POST of a change to one container; the documents give GET for start, stop and restart."""

    kind = ""

    def post(self, request: Request, **path: str) -> Response:
        ids = ContainerPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.container_change(caller, self.kind, ids["docker_id"]))


class RemoveContainer(ChangeContainer):
    kind = kinds.REMOVE


class ChangeContainerByGet(ChangeContainer):
    http_method_names = ["get", "post"]  # a HEAD would be taken for a GET

    def get(self, request: Request, **path: str) -> Response:
        return self.post(request, **path)


class StartContainer(ChangeContainerByGet):
    kind = kinds.START


class StopContainer(ChangeContainerByGet):
    kind = kinds.STOP


class RestartContainer(ChangeContainerByGet):
    kind = kinds.RESTART
