"""What the operations of this app do; run by `operations.drain`, and builds by `operations.build`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Q

from apps.containers import provisioning
from apps.containers.building import image_build, image_reference, images_clear
from apps.containers.kinds import NEW, REMOVE, RESTART, START, STOP, UPDATE
from apps.containers.models import Container
from apps.containers.swapping import swap
from apps.errors import Rejected
from apps.operations.execution import Continue, clears, executes
from apps.operations.locks import Lease
from apps.operations.models import Operation, Step
from apps.projects.provisioning import ensure_network

# Seconds for the step in which an image is built, pulling and cleaning up included; the build itself has its own limit.
BUILD_STEP = settings.NETMANAGER_BUILD_SECONDS + 120


@executes(NEW)
def new_container(operation: Operation, lease: Lease) -> dict[str, Any] | Continue:
    project = ensure_network(operation.project_id, lease)
    container = provisioning.claim(project, provisioning.Wanted(**operation.request), operation)
    if container.dockerfile:
        return Continue(Step.BUILD)
    provisioning.provision(container, lease)
    return _made(container)


@executes(NEW, Step.BUILD, BUILD_STEP, litters=True)
def build_new_container(operation: Operation, lease: Lease) -> Continue:
    container = _claimed(operation)
    with provisioning.unclaimed_on_failure(container):
        container.image = image_build(operation, container.name, container.dockerfile, lease)
        container.save(update_fields=["image"])
    return Continue(Step.FINISH)


@executes(NEW, Step.FINISH)
def finish_new_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    container = _claimed(operation)
    provisioning.provision(container, lease)
    return _made(container)


@executes(UPDATE)
def update_container(operation: Operation, lease: Lease) -> Continue:
    _container(operation)
    ensure_network(operation.project_id, lease)
    return Continue(Step.BUILD)


@executes(UPDATE, Step.BUILD, BUILD_STEP, litters=True)
def build_updated_container(operation: Operation, lease: Lease) -> Continue:
    image_build(operation, operation.request["name"], operation.request["dockerfile"], lease)
    return Continue(Step.FINISH)


@executes(UPDATE, Step.FINISH)
def finish_updated_container(operation: Operation, lease: Lease) -> dict[str, Any]:
    container = _container(operation)
    swap(container, image_reference(operation, container.name), operation.request["dockerfile"], lease)
    return _made(container)


@clears
def clear(project_id: int, lease: Lease) -> None:
    """After builds, and changes to what was built."""
    provisioning.forget_claims(project_id)
    images_clear(project_id)


@executes(REMOVE, litters=True)
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


def _made(container: Container) -> dict[str, Any]:
    return {"container_name": container.name, "ip": container.ip, "docker_id": container.docker_id}


def _claimed(operation: Operation) -> Container:
    """What the operation is making; its project's network can have been deleted while it waited."""
    container = Container.objects.select_related("project").filter(maker=operation, docker_id="").first()
    if container is None:
        raise Rejected("cancelled", f"The network of project {operation.project_id} was deleted in the meantime.")
    return container


def _container(operation: Operation) -> Container:
    """The target, which can have another docker_id by now, or have gone, for the operation waited."""
    is_target = Q(docker_id=operation.target) | Q(former_ids__docker_id=operation.target)
    container = Container.objects.filter(is_target, project_id=operation.project_id).distinct().first()
    if container is None:
        raise Rejected("unknown_container", f"Container {operation.target} was removed in the meantime.")
    return container
