"""Finds containers among a user's own projects, and what the engine says of them."""

import re
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from apps import host
from apps.containers.log_tail import ENTRIES, tail
from apps.containers.models import Container, FormerId, Image
from apps.containers.presence import present
from apps.errors import Broken, Rejected
from apps.operations.models import Operation, State, Step
from apps.projects.models import Project
from apps.projects.selectors import member_projects
from datacenter.errors import ContainerMissing
from datacenter.names import CONTAINER_KEY

MISSING = "missing"  # of a container that the engine does not have
SHORTEST_PREFIX = 4
DOCKER_ID = rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}"


def container_find(user_id: int, docker_id: str) -> Container:
    """The container whose docker_id begins so; an unknown one and one of a project of others are told apart by nobody."""
    if not re.fullmatch(DOCKER_ID, docker_id):
        sentence = f"{docker_id!r} is no docker_id; give {SHORTEST_PREFIX} or more hexadecimal digits, as new-container answered."
        raise Rejected("invalid_docker_id", sentence)
    projects = member_projects(user_id)
    found = Container.objects.filter(docker_id__startswith=docker_id[:12], project__in=projects)[:2]
    if not found:
        _tell_present_id(docker_id, projects)
        raise Rejected("unknown_container", f"User {user_id} has no container {docker_id}; get-project-containers lists them.")
    if len(found) > 1:
        raise Rejected("ambiguous_container", f"More than one container begins with {docker_id}; give more digits.")
    return found[0]


def _tell_present_id(docker_id: str, projects: QuerySet[Project]) -> None:
    """Raise Rejected with what a container is called now that was called so before."""
    former = FormerId.objects.filter(docker_id__startswith=docker_id[:12], container__project__in=projects)
    if one := former.select_related("container").first():
        name, present_id = one.container.name, one.container.docker_id
        sentence = f"Container {docker_id} was replaced by {present_id} when {name} was updated or made anew; use that docker_id."
        raise Rejected("container_replaced", sentence)


def image_find(name: str) -> Image:
    """The image of the catalogue, the default one for an empty name."""
    image = Image.objects.filter(name=name).first() if name else Image.objects.filter(is_default=True).first()
    if image:
        return image
    if not name:
        raise Broken(
            "no_default_image",
            "The catalogue has no default image: tick one in the admin, or run manage.py seed_images if it is empty.",
        )
    names = ", ".join(Image.objects.order_by("name").values_list("name", flat=True)) or "none"
    raise Rejected("unknown_image", f"There is no image {name!r} in the catalogue; there are: {names}.")


def project_containers(project_id: int) -> list[dict[str, str]]:
    """The project's containers by name, with the engine's word for how each is; `missing` if it has no such container."""
    rows = list(Container.objects.filter(project_id=project_id).exclude(docker_id="").order_by("name"))
    states = _states(project_id) if rows else {}
    return [
        {
            "container_name": row.name,
            "docker_id": row.docker_id,
            "ip": row.ip,
            "status": states.get(row.docker_id, MISSING),
            "image": row.image,
        }
        for row in rows
    ]


def container_info(container: Container) -> dict[str, Any]:
    """The container and what it uses now: cpu and mem_perc in percent, of one core and of the limit, memory in bytes."""
    _let_connections_go()
    usage = host.usage_meter.usage(container.docker_id)
    return {
        "id": container.pk,
        "docker_id": container.docker_id,
        "container_name": container.name,
        "ip": container.ip,
        "status": usage.status,
        "cpu": round(usage.cpu, 2),
        "mem_used": usage.memory,
        "mem_limit": usage.memory_limit,
        "mem_perc": round(usage.memory_percent, 2),
    }


def container_logs(container: Container) -> str:
    """The last lines of the container's log, empty if it has written nothing."""
    _let_connections_go()
    with present(container):
        try:
            return tail(host.engine.log(container.docker_id, ENTRIES))
        except ContainerMissing:
            _tell_change(container)
            raise


def _tell_change(container: Container) -> None:
    """Raise Rejected if the container is not there because an operation is removing or replacing it, or has."""
    running = Operation.objects.filter(project_id=container.project_id, state=State.RUNNING).exclude(step=Step.BUILD)
    if running.exists():  # asked first: it may end, and then the row is gone
        sentence = (
            f"Container {container.name} is not there just now, while project {container.project_id} is changed; ask again."
        )
        raise Rejected("container_changing", sentence)
    if not Container.objects.filter(pk=container.pk, docker_id=container.docker_id).exists():
        sentence = (
            f"Container {container.docker_id} was removed or replaced in the meantime; get-project-containers lists what is."
        )
        raise Rejected("unknown_container", sentence)


def _states(project_id: int) -> dict[str, str]:
    _let_connections_go()
    containers = host.engine.containers(host.names.owner(project_id) | {CONTAINER_KEY: ""})
    return {container.docker_id: container.status for container in containers}


def _let_connections_go() -> None:
    """The engine may be slow, and those who wait for it must not use up the pool."""
    connections.close_all()
