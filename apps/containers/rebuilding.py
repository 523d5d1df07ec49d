"""Makes a container again what its row says, whatever the engine has; the caller holds the project's lease."""

from datetime import timedelta

from apps import host
from apps.containers.building import image_build
from apps.containers.models import Container, Desired
from apps.containers.provisioning import (
    container_labels,
    container_spec,
    create,
    forget_half_made,
    own_of,
    replaced,
    restart,
    settle,
    start,
    stop,
)
from apps.errors import Broken
from apps.operations.locks import Lease, builds_lease
from apps.operations.models import Operation
from apps.projects.models import Project
from datacenter.errors import ImageMissing
from datacenter.names import CONTAINER_KEY, ROUTER_HOSTNAME

PATIENCE = timedelta(minutes=15)  # for a build of the project that is under way


def addresses(project_id: int) -> dict[str, str]:
    """For which names the project's router is to answer, and with which addresses."""
    project = Project.objects.get(pk=project_id)
    assert project.vlan is not None
    containers = dict(Container.objects.filter(project=project).values_list("name", "ip"))
    return containers | {ROUTER_HOSTNAME: str(host.plan.subnet(project.vlan).router)}


def container_repair(project_id: int, name: str, operation: Operation, lease: Lease) -> None:
    """Have the container of this name run or not as it is to, made anew if it is gone or doomed.

    One without a row is removed; so is what a lost worker was making, for its operation failed.
    """
    forget_half_made(Project.objects.get(pk=project_id))
    container = Container.objects.select_related("project").filter(project_id=project_id, name=name).first()
    if container is None:
        host.engine.delete_containers(host.names.owner(project_id) | {CONTAINER_KEY: name})
        return
    if not container.docker_id:  # it is being made: its build goes on
        return
    there = own_of(container, host.engine.containers(container_labels(container)))
    if there is None:
        _make_anew(container, operation, lease)
    else:
        settle(container)
    if container.desired == Desired.STOPPED:
        stop(container)
    elif there and there.status == "paused":
        restart(container)
    else:
        start(container)


def _make_anew(container: Container, operation: Operation, lease: Lease) -> None:
    """With its name, address, MAC and image; its anonymous volumes went with it."""
    host.engine.delete_containers(container_labels(container))
    try:
        host.engine.image(container.image)
    except ImageMissing:
        if container.dockerfile:
            container.image = _image(container, operation)
    lease.check()
    was, container.docker_id = container.docker_id, create(container_spec(container), lease)
    replaced(container, was, "image")


def _image(container: Container, operation: Operation) -> str:
    with builds_lease(container.project_id, wait=PATIENCE) as lease:
        if lease is None:
            raise Broken("build_hangs", f"A build of project {container.project_id} does not end; see the log of the builders.")
        reference = image_build(operation, container.name, container.dockerfile, lease)
        Container.objects.filter(pk=container.pk).update(image=reference)  # before the lease ends: it is of use
    return reference
