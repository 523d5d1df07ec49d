"""Records what is asked for containers."""

from apps.containers.selectors import container_find, image_find
from apps.containers.tasks import NEW
from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_submit
from apps.projects.services import member_admit


def container_create(caller: Caller, project_id: int, name: str, image_name: str) -> Operation:
    """Have a container made from an image of the catalogue, and the project's network first if it has none."""
    image = image_find(image_name)
    member_admit(caller.user_id, project_id)
    request = {"name": name, "image": image.reference, "command": image.command}
    return operation_submit(caller, Order(NEW, project_id, name, request))


def container_change(caller: Caller, kind: str, docker_id: str) -> Operation:
    """Have one of the user's containers started, stopped, restarted or removed: `kind` is the operation's."""
    container = container_find(caller.user_id, docker_id)
    return operation_submit(caller, Order(kind, container.project_id, container.docker_id))
