"""The container endpoints."""

from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.containers import kinds, refusals, selectors, services
from apps.containers.answers import Address, Containers, Info, Logs, Made
from apps.containers.serializers import ContainerPath, NewContainer, UpdateContainer
from apps.operations.answers import Answer
from apps.operations.responses import perform
from apps.operations.schema import changes, changes_by_get, reads
from apps.projects.serializers import ProjectPath
from apps.projects.services import member_admit


@extend_schema_view(post=changes(ProjectPath, Made, refusals.NEW, body=NewContainer))
class CreateContainer(APIView):
    """Makes a container and starts it, and builds the project's network first if it has none."""

    def post(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        body = NewContainer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted, project_id = body.validated_data, ids["project_id"]
        return perform(request, ids["user_id"], lambda caller: services.container_create(caller, project_id, wanted))


@extend_schema_view(post=changes(ContainerPath, Made, refusals.UPDATE, body=UpdateContainer))
class UpdateContainerImage(APIView):
    """Builds an image, and has a container of it take the place of the old one, with its name, address and volumes."""

    def post(self, request: Request, **path: str) -> Response:
        ids = ContainerPath.read(**path)
        body = UpdateContainer(data=request.data)
        body.is_valid(raise_exception=True)
        docker_id, dockerfile = ids["docker_id"], body.validated_data["dockerfile"]
        return perform(request, ids["user_id"], lambda caller: services.container_update(caller, docker_id, dockerfile))


@extend_schema_view(get=reads(ProjectPath, Containers, refusals.LIST))
class ProjectContainers(APIView):
    """The project's containers by name; none if it has no network."""

    def get(self, request: Request, **path: str) -> Response:
        ids = ProjectPath.read(**path)
        member_admit(**ids)
        return Response({"success": True, "containers": selectors.project_containers(ids["project_id"])})


@extend_schema_view(get=reads(ContainerPath, Info, refusals.INFO))
class ContainerInfo(APIView):
    """The container and what it uses now."""

    def get(self, request: Request, **path: str) -> Response:
        container = selectors.container_find(**ContainerPath.read(**path))
        return Response({"success": True, "stats": selectors.container_info(container)})


@extend_schema_view(get=reads(ContainerPath, Logs, refusals.LOGS))
class ContainerLogs(APIView):
    """The last 50 lines that the container wrote, both streams in order, 256 KiB at most."""

    def get(self, request: Request, **path: str) -> Response:
        container = selectors.container_find(**ContainerPath.read(**path))
        return Response({"success": True, "logs": selectors.container_logs(container)})


class ChangeContainer(APIView):
    """A change to one container by POST; the documents give GET for start, stop and restart."""

    kind = ""

    def post(self, request: Request, **path: str) -> Response:
        ids = ContainerPath.read(**path)
        return perform(request, ids["user_id"], lambda caller: services.container_change(caller, self.kind, ids["docker_id"]))


@extend_schema_view(post=changes(ContainerPath, Answer, refusals.REMOVE))
class RemoveContainer(ChangeContainer):
    """Removes a container; its name and address are free again."""

    kind = kinds.REMOVE


class ChangeContainerByGet(ChangeContainer):
    http_method_names = ["get", "post"]  # a HEAD would be taken for a GET

    def get(self, request: Request, **path: str) -> Response:
        return self.post(request, **path)


@extend_schema_view(
    post=changes(ContainerPath, Address, refusals.START), get=changes_by_get(ContainerPath, Address, refusals.START)
)
class StartContainer(ChangeContainerByGet):
    """Starts a container; one that runs stays as it is."""

    kind = kinds.START


@extend_schema_view(post=changes(ContainerPath, Answer, refusals.STOP), get=changes_by_get(ContainerPath, Answer, refusals.STOP))
class StopContainer(ChangeContainerByGet):
    """Stops a container; one that is stopped stays as it is."""

    kind = kinds.STOP


@extend_schema_view(
    post=changes(ContainerPath, Address, refusals.START), get=changes_by_get(ContainerPath, Address, refusals.START)
)
class RestartContainer(ChangeContainerByGet):
    """Stops a container and starts it again; one that is stopped is started."""

    kind = kinds.RESTART
