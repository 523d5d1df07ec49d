"""What the operations of this app do; run by `operations.drain` under the project's lease."""

from collections.abc import Callable
from typing import Any

from apps.containers import provisioning
from apps.containers.models import Container
from apps.errors import Rejected
from apps.operations.execution import executes
from apps.operations.locks import Lease
from apps.operations.models import Operation
from apps.projects.provisioning import ensure_network

NEW = "new-container"
REMOVE = "remove-container"
START = "start-container"
STOP = "stop-container"
RESTART = "restart-container"


@executes(NEW)
def new_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    project = ensure_network(operation.project_id, lease)
    wanted = provisioning.Wanted(**operation.request, created_by=operation.user_id)
    container = provisioning.provision(project, wanted, lease)
    return {"container_name": container.name, "ip": container.ip, "docker_id": container.docker_id}


@executes(REMOVE)
def remove_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    provisioning.deprovision(_container(operation))
    return {}


@executes(START)
def start_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    return _changed(operation, provisioning.start)


@executes(RESTART)
def restart_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    return _changed(operation, provisioning.restart)


@executes(STOP)
def stop_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    _changed(operation, provisioning.stop)
    return {}


def _changed(operation: Operation, change: Callable[[Container], None]) -> dict[str, Any]:
    container = _container(operation)
    change(container)
    return {"ip": container.ip, "docker_id": container.docker_id}


def _container(operation: Operation) -> Container:
    """The target; it can have gone while the operation waited."""
    container = Container.objects.filter(project_id=operation.project_id, docker_id=operation.target).first()
    if container is None:
        raise Rejected("unknown_container", f"Container {operation.target} was removed in the meantime.")
    return container
