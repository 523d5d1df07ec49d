"""What the operations of this app do, run by `operations.drain` under the project's lease; and connecting switches."""

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from apps.operations.execution import executes
from apps.operations.locks import Lease
from apps.operations.models import Operation, State
from apps.operations.services import Caller, Order, operation_submit
from apps.ports import provisioning
from apps.ports.models import Socket
from apps.ports.rules import socket_available, unknown_to
from apps.projects.models import Project, Status
from apps.projects.provisioning import ensure_network, ensure_tunnels, tunnels
from datacenter.errors import DatacenterUnavailable

log = logging.getLogger(__name__)

ADD = "add-port"
REMOVE = "remove-port"
CONNECT = "connect-switches"
OURSELVES = Caller("netmanager", 0)


@executes(ADD)
def add_port(operation: Operation, lease: Lease) -> dict[str, Any]:
    socket = socket_available(int(operation.target), operation.project_id)
    provisioning.ensure_switch(socket.switch)
    project = ensure_network(operation.project_id, lease)
    lease.check()
    ensure_tunnels(project)
    lease.check()
    applied = provisioning.assign(socket, project, operation.user_id, lease)
    return {"port": socket.pk, "project_id": project.pk, "vlan": project.vlan, "applied": applied}


@executes(REMOVE)
def remove_port(operation: Operation, lease: Lease) -> dict[str, Any]:
    number = int(operation.target)
    applied = provisioning.free(number, operation.project_id, lease)
    if applied is None:  # somebody else was faster: what is free already is as it should be
        socket = Socket.objects.filter(pk=number, project=None).first()
        if socket is None:
            raise unknown_to(operation.user_id, number)
        applied = socket.applied_vlan is None
    return {"port": number, "applied": applied}


@executes(CONNECT)
def connect_project(operation: Operation, lease: Lease) -> dict[str, Any]:
    project = Project.objects.filter(pk=operation.project_id, status=Status.ACTIVE).first()
    if project:  # a network that does not stand gets its tunnels when it is built
        ensure_tunnels(project)
    return {}


@shared_task(name="ports.connect_switches", time_limit=120, autoretry_for=(DatacenterUnavailable,), retry_backoff=True)
def connect_switches() -> list[str]:
    """Connect every switch to the datacenter, and have every network joined to it that is not yet; complaints, for staff."""
    complaints = provisioning.ensure_switches()
    waiting = Operation.objects.filter(kind=CONNECT, state=State.WAITING).values("project_id")
    for project in Project.objects.filter(vlan__isnull=False, status__in=(Status.ACTIVE, Status.BUILD)).exclude(pk__in=waiting):
        if not tunnels(project).complete():
            operation_submit(OURSELVES, Order(CONNECT, project.pk))
    return complaints


def enqueue_connect_switches() -> None:
    """Ask a worker to connect the switches."""
    try:
        connect_switches.delay()
    except OperationalError as error:
        log.warning("the broker does not take connect_switches (%s): run manage.py bootstrap_datacenter", error)
