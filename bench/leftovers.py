"""Removes what a benchmark that was killed left in the running NetManager, and its room."""

from apps.ports.models import Socket, Switch
from apps.projects.models import Project
from bench import room
from bench.api import Api
from bench.datacenter import PROJECT, SOCKET, forget_projects
from lab.room import down


def remove() -> None:
    """Remove the projects, the sockets with their switch, and the room; deploy/bench.sh removed what ours is compared with."""
    api = Api()
    for project in Project.objects.filter(pk__gte=PROJECT).exclude(vlan=None):
        api.post(f"/delete-bridge/1/{project.pk}/")
    switches = set(Socket.objects.filter(number__gt=SOCKET).values_list("switch_id", flat=True))
    Socket.objects.filter(number__gt=SOCKET).delete()
    Switch.objects.filter(pk__in=switches).delete()
    forget_projects()
    down(room.INSTANCE)
