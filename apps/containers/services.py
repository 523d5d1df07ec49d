"""Records what is asked for containers."""

from typing import Any

from apps.containers.kinds import NEW, UPDATE
from apps.containers.selectors import container_find, image_find
from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_submit
from apps.projects.services import member_admit


def container_create(caller: Caller, project_id: int, wanted: dict[str, Any]) -> Operation:
    """Have a container made from an image of the catalogue or a Dockerfile, and the project's network first if it has none."""
    image, command = _image(wanted)
    member_admit(caller.user_id, project_id)
    request = {"name": wanted["name"], "image": image, "command": command, "dockerfile": wanted["dockerfile"]}
    return operation_submit(caller, Order(NEW, project_id, wanted["name"], request))


def container_update(caller: Caller, docker_id: str, dockerfile: str) -> Operation:
    """Have an image built from a Dockerfile, and a container of it take the place of one of the user's."""
    container = container_find(caller.user_id, docker_id)
    request = {"name": container.name, "dockerfile": dockerfile}
    return operation_submit(caller, Order(UPDATE, container.project_id, container.docker_id, request))


def container_change(caller: Caller, kind: str, docker_id: str) -> Operation:
    """Have one of the user's containers started, stopped, restarted or removed: `kind` is the operation's."""
    container = container_find(caller.user_id, docker_id)
    return operation_submit(caller, Order(kind, container.project_id, container.docker_id))


def _image(wanted: dict[str, Any]) -> tuple[str, str]:
    """Reference and command, from the catalogue; empty for one that is still to be built."""
    if wanted["dockerfile"]:
        return "", ""
    image = image_find(wanted["image"])
    return image.reference, image.command
