"""Valid rows of every model; a test changes what it is about."""

from typing import Any

from django.utils import timezone

from apps.containers.models import Container, FormerId, Image
from apps.operations.models import Operation
from apps.ports.models import Host, Socket, Switch
from apps.projects.models import Member, Project, Status


def project(number: int = 7, **columns: Any) -> Project:
    return Project.objects.create(**{"project_id": number} | columns)


def active_project(number: int = 7, vlan: int = 42) -> Project:
    return project(number, vlan=vlan, status=Status.ACTIVE)


def member(of: Project, **columns: Any) -> Member:
    return Member.objects.create(**{"project": of, "user_id": 1} | columns)


def container(of: Project, **columns: Any) -> Container:
    row = {
        "project": of, "name": "web", "docker_id": "0123456789ab", "ip": "10.80.42.128", "mac": "02:42:0a:50:2a:80",
        "image": "debian:bookworm-slim", "status": "running", "created_by": 1, "cpus": 1.0, "memory": 2**29,
    }  # fmt: skip
    return Container.objects.create(**row | columns)


def former_id(of: Container, docker_id: str) -> FormerId:
    return FormerId.objects.create(container=of, docker_id=docker_id)


def image(**columns: Any) -> Image:
    return Image.objects.create(**{"name": "default", "reference": "nmt-default:latest", "is_default": True} | columns)


def switch(**columns: Any) -> Switch:
    row = {"name": "room-1", "dpid": "00000000000000a1", "uplink_port": 48, "tunnel_address": "192.0.2.11"}
    return Switch.objects.create(**row | columns)


def vlan_switch(**columns: Any) -> Switch:
    """A switch behind a trunk NIC."""
    row = {"name": "room-2", "dpid": "00000000000000a2", "uplink_kind": "VLAN", "tunnel_address": None, "trunk": "nmt-t31"}
    return switch(**row | columns)


def socket(of: Switch, **columns: Any) -> Socket:
    return Socket.objects.create(**{"number": 3, "switch": of, "of_port": 3} | columns)


def host(at: Socket, of: Project, **columns: Any) -> Host:
    now = timezone.now()
    row = {"mac": "52:54:00:00:00:01", "ip": "10.80.42.2", "socket": at, "project": of, "first_seen": now, "last_seen": now}
    return Host.objects.create(**row | columns)


def operation(**columns: Any) -> Operation:
    row = {"kind": "create-bridge", "user_id": 1, "project_id": 7, "service": "dml-servant"}
    return Operation.objects.create(**row | columns)
