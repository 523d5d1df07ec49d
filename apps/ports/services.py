"""Records what is asked for sockets, and has switches connected."""

from functools import partial

from django.db import transaction

from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_record, operation_submit
from apps.ports import tasks
from apps.ports.rules import socket_available
from apps.ports.selectors import socket_find
from apps.projects.models import Project, Status
from apps.projects.selectors import project_vouched
from apps.projects.services import member_admit
from apps.projects.tasks import CREATE_BRIDGE


def port_add(caller: Caller, project_id: int, number: int) -> Operation:
    """Have a socket given to the project, and the project's network built first if it has none."""
    project_vouched(caller.user_id, project_id)  # a stranger learns nothing of sockets
    socket_available(number, project_id)
    member_admit(caller.user_id, project_id)
    return operation_submit(caller, Order(tasks.ADD, project_id, str(number)))


def port_remove(caller: Caller, number: int) -> Operation:
    """Have a socket taken from the project of the user that has it; one that is free is as it should be."""
    socket = socket_find(caller.user_id, number)
    order = Order(tasks.REMOVE, socket.project_id or 0, str(socket.pk))
    if socket.project_id is None:
        return operation_record(caller, order, {"port": socket.pk, "applied": socket.applied_vlan is None})
    return operation_submit(caller, order)


def socket_assigned(caller: Caller, project: Project) -> bool:
    """A socket was given to the project without an operation: have its network built if it has none, which is told, or joined
    to the switch."""
    built = project.status == Status.ACTIVE
    operation_submit(caller, Order(tasks.CONNECT if built else CREATE_BRIDGE, project.pk))
    return not built


def switches_connect() -> list[str]:
    """Connect the switches now, and have standing networks joined to them; sentences about those that cannot be reached.

    Raises DatacenterError where the host must not be changed.
    """
    return tasks.connect_switches()


def switches_changed() -> None:
    """Have a worker connect the switches once the transaction has committed."""
    transaction.on_commit(partial(tasks.enqueue_connect_switches))
