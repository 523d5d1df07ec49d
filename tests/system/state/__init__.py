"""Whether the database, the Docker Engine, Open vSwitch and the host say the same of the stack: what differs, as sentences.

For a time at which nothing is under way: an operation that goes on is a difference too.
"""

from collections.abc import Callable, Iterable

from tests.system.stack import Stack
from tests.system.state import engine, wires
from tests.system.state.world import World

CHECKS: tuple[Callable[[World], Iterable[str]], ...] = (
    engine.operations, engine.projects, engine.containers, engine.container_details, engine.networks, engine.volumes,
    engine.images, engine.hosts_files, wires.bridges, wires.endpoints, wires.veths, wires.flows, wires.sockets,
)  # fmt: skip


def differences(stack: Stack) -> list[str]:
    """Every difference, as a sentence; none if all agree."""
    world = World(stack)
    return [f"{check.__name__}: {sentence}" for check in CHECKS for sentence in check(world)]
