"""Which answers a caller may get while things are killed: those under load, and what is described of what breaks."""

from tests.system.contract.description import OPERATIONS
from tests.system.load import documented
from tests.system.load.documented import Documented

NEVER = {"image_missing", "no_default_image", "no_free_vlan", "lost_at_restore", "internal"}  # nothing that is killed is a reason
ALSO = {"update-container": {(400, "start_failed")}}  # the engine was killed in the 2 s for which the new one must stay up


def while_killed() -> Documented:
    """By endpoint."""
    return {endpoint: told | _broken(endpoint) for endpoint, told in documented.DOCUMENTED.items()}


def _broken(endpoint: str) -> set[tuple[int, str]]:
    codes = {told for operation in OPERATIONS if operation.path.split("/")[1] == endpoint for told in operation.codes}
    broken = {(status, code) for status, code in codes if status >= 500 and code not in NEVER}
    return broken | ALSO.get(endpoint, set())
