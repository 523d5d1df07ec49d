"""What the engine and Open vSwitch hold, and what the database says they should."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from tests.system.stack import Stack
from tests.system.state.facts import NAMES, OURS, bridges, inspected, rows


class World:
    """Everything as it is now."""

    def __init__(self, stack: Stack) -> None:
        self.active = {row["project_id"]: row for row in rows("SELECT * FROM projects_project WHERE status = 'ACTIVE'")}
        self.rows = {NAMES.container(row["project_id"], row["name"]): row for row in rows("SELECT * FROM containers_container")}
        self.containers = {found["Name"].lstrip("/"): found for found in inspected(stack, "ps", "-aq", "--no-trunc")}
        self.networks = inspected(stack, "network", "ls", "-q", "--no-trunc", "--filter", OURS)
        self.volumes = inspected(stack, "volume", "ls", "-q")
        self.images = inspected(stack, "images", "-q", "--no-trunc", "--filter", OURS)
        self.bridges = bridges()

    @property
    def routers(self) -> set[str]:
        return {NAMES.router(project) for project in self.active}


def compare(what: str, told: AbstractSet[str], there: AbstractSet[str]) -> Iterator[str]:
    """A sentence for each name that is missing, and for each that is there too many."""
    for name in sorted(told - there):
        yield f"{what} {name} should be there and is not"
    for name in sorted(there - told):
        yield f"{what} {name} is there and should not be"
