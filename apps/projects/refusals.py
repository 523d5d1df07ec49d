"""What callers can be refused, and what can break, when a project's network is changed; code → sentence."""

from apps.operations.refusals import DATACENTER, IDS
from apps.operations.schema import Failures

CLOSED = {"not_a_member": "User 9 is not a member of project 7; ask its staff to add them."}
QUOTA = {
    "quota_exceeded": "Project 7 uses 8 of its quota of sockets, 8; remove what is not needed, or ask the lab's staff for more."
}
FULL = {"no_free_vlan": "All 4093 networks are taken; delete the network of another project."}

MEMBERS: Failures = {400: IDS}
CREATE: Failures = {400: IDS | CLOSED, 500: FULL | DATACENTER}
DELETE: Failures = {
    400: IDS | CLOSED,
    500: DATACENTER | {"build_hangs": "A build of project 7 does not end; see the log of the builders."},
}
