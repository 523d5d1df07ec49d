"""What callers can be refused, and what can break, with sockets; code → sentence."""

from apps.operations.refusals import DATACENTER, IDS
from apps.operations.schema import Failures
from apps.projects.refusals import CLOSED, FULL, QUOTA

ADD: Failures = {
    400: IDS
    | CLOSED
    | QUOTA
    | {
        "unknown_socket": "There is no socket 99; give the number that is printed on it.",
        "socket_taken": "Socket 3 belongs to another project; use another, or have it removed there.",
        "socket_disabled": "Socket 3 is disabled (loop); ask the lab's staff to enable it.",
    },
    500: FULL
    | DATACENTER
    | {"switch_not_connected": "Switch room: There is no bridge nm-vtep: run manage.py bootstrap_datacenter."},
}
REMOVE: Failures = {400: IDS | {"unknown_socket": "User 9 has no socket 3; give one of a project that the user belongs to."}}
