"""Finds the sockets that a user may free."""

from django.db.models import Q

from apps.ports.models import Socket
from apps.ports.rules import unknown_to
from apps.projects.selectors import member_projects


def socket_find(user_id: int, number: int) -> Socket:
    """The socket, if it is free or of one of the user's projects; raises Rejected for any other as for an unknown one."""
    socket = Socket.objects.filter(Q(project=None) | Q(project__in=member_projects(user_id)), pk=number).first()
    if socket is None:
        raise unknown_to(user_id, number)
    return socket
