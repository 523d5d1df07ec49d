"""Each project's owner does everything to it while one thing after the other is killed, and all is whole afterwards.

NETMANAGER_SOAK_SECONDS sets for how long (`make soak`: 600, with 20 projects of 10 containers; with less than 300 four of 2, and
nothing is killed that others use, too), NETMANAGER_SOAK_SEED what they do and what is killed when.
"""

from contextlib import suppress

from tests.conditions import wait_until
from tests.system.load import leftovers, projects
from tests.system.load.client import PATIENCE
from tests.system.matrix.calls import open_operations
from tests.system.matrix.drift import drift
from tests.system.soak import reach
from tests.system.soak.campus import CONTAINERS, PROJECTS, SECONDS, SEED, Campus
from tests.system.soak.killer import Killer
from tests.system.soak.memory import Memory
from tests.system.stack import Stack

WHOLE = 60.0  # seconds after the last kill
FEW = 5  # calls
PROGRAMS = {"web", "datacenter", "builds", "beat", "driver", "controller", "reconciler", "dockerd", "ovs-vswitchd"}


def _left(stack: Stack) -> list[str]:
    """What differs still when there was time to put it right."""
    with suppress(AssertionError):
        wait_until(lambda: not drift(stack), "nothing differs", WHOLE)
        return []
    return drift(stack)


def _run(campus: Campus) -> list[str]:
    """Sentences on what went wrong while owners changed everything and things were killed."""
    killer = Killer(campus)
    with Memory() as memory:
        threads = projects.start(campus.owners, SECONDS)
        killer.run(SECONDS)
        projects.end(campus.owners, threads, 0)
    projects.answered(campus.owners)
    print(f"seed {SEED}, killed: {killer.killed}", f"{sum(o.unanswered for o in campus.owners)} without an answer", sep="\n")
    print(*memory.summary(), sep="\n")
    assert killer.killed, "the control: something was killed"
    assert {process.name for process in memory.series} >= PROGRAMS, "the control: all are seen"
    assert all(owner.succeeded > FEW for owner in campus.owners), "the control: everybody gets something done"
    return [*killer.complaints, *(each for owner in campus.owners for each in owner.complaints), *memory.growing()]


def test_what_was_acknowledged_is_so_and_all_is_whole_whatever_was_killed_meanwhile(campus: Campus) -> None:
    stack, layers = campus.stack, leftovers.layers(campus.stack)
    wrong = _run(campus)
    wait_until(lambda: not open_operations(), "what was asked for ends", PATIENCE)
    wrong += [*_left(stack), *campus.lost()]
    print(*wrong, sep="\n")
    campus.fill()
    everybody = reach.members(stack, PROJECTS)
    assert len(everybody) == len(PROJECTS) * CONTAINERS
    assert reach.wrong(everybody) == []
    assert _left(stack) == []
    assert leftovers.running(), "the control: containers run"
    projects.delete(stack, PROJECTS)
    assert _left(stack) == []
    wait_until(lambda: not leftovers.running(), "nothing of containers runs on", WHOLE)
    wait_until(lambda: leftovers.layers(stack) <= layers, "nothing of builds is left", WHOLE)
    assert not wrong, "\n".join(wrong)
