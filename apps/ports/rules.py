"""Which socket a project may have; asked before an operation is written, and again when it runs."""

from apps.errors import Rejected
from apps.ports.models import Socket
from apps.projects.quotas import quota_check


def socket_available(number: int, project_id: int) -> Socket:
    """The socket, if the project may have it or has it already; raises Rejected, saying why not."""
    socket = Socket.objects.select_related("switch").filter(pk=number).first()
    if socket is None:
        raise Rejected("unknown_socket", f"There is no socket {number}; give the number that is printed on it.")
    if socket.project_id is not None and socket.project_id != project_id:
        raise Rejected("socket_taken", f"Socket {number} belongs to another project; use another, or have it removed there.")
    if not socket.enabled:
        reason = f" ({socket.disabled_reason})" if socket.disabled_reason else ""
        raise Rejected("socket_disabled", f"Socket {number} is disabled{reason}; ask the lab's staff to enable it.")
    if socket.project_id is None:
        quota_check(project_id, "sockets", Socket.objects.filter(project_id=project_id).count())
    return socket


def unknown_to(user_id: int, number: int) -> Rejected:
    """The answer for a socket that does not exist and for one of a project of others: nobody tells them apart."""
    return Rejected("unknown_socket", f"User {user_id} has no socket {number}; give one of a project that the user belongs to.")
