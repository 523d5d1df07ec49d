"""Which answers a caller may get of each endpoint under load, by status and code (none for success)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

OK, PENDING = (200, ""), (202, "")
GONE = {(400, "unknown_container"), (400, "container_replaced")}  # another client removed or updated it
BUILDS = {(400, "build_failed"), (400, "cancelled"), (400, "invalid")}  # a network was deleted while something was built for it

Documented = Mapping[str, AbstractSet[tuple[int, str]]]  # by endpoint
DOCUMENTED: Documented = {
    "create-bridge": {OK, PENDING},
    "delete-bridge": {OK, PENDING},
    "new-container": {OK, PENDING, (400, "name_taken"), (400, "quota_exceeded"), (400, "unknown_image"), *BUILDS},
    "update-container": {OK, PENDING, *GONE, *BUILDS},
    "get-project-containers": {OK},
    "get-container-info": {OK, *GONE},
    "get-container-logs": {OK, (400, "container_changing"), *GONE},
    "remove-container": {OK, PENDING, *GONE},
    "start-container": {OK, PENDING, *GONE},
    "restart-container": {OK, PENDING, *GONE},
    "stop-container": {OK, PENDING, *GONE},
    "add-port": {OK, PENDING, (400, "socket_taken"), (400, "unknown_socket"), (400, "quota_exceeded")},
    "remove-port": {OK, PENDING, (400, "unknown_socket")},
    "operations": {OK, (404, "not_found")},
    "projects": {OK},
    "schema": {OK},
    "docs": {OK},
    "healthz": {OK},
    "readyz": {OK, (503, "")},  # a part of a busy machine may take longer than the 5 s that it has
}
