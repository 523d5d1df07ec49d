"""Whatever is sent, the answer is one that is described: never a 5xx, and nothing is left on the host."""

import os
from collections.abc import Iterator

import pytest
from schemathesis.generation import GenerationMode

from tests.system.contract.description import OPERATIONS, Operation
from tests.system.contract.fuzzing import FEW, PROJECTS, Fuzzer
from tests.system.contract.world import World
from tests.system.stack import DATABASE, postgres
from tests.system.test_leftovers import host_state

EXAMPLES = int(os.environ.get("NETMANAGER_FUZZ_EXAMPLES", FEW))
OWNED = (
    "containers_container",
    "operations_operation WHERE state IN ('WAITING', 'RUNNING')",
    "ports_socket WHERE project_id IS NOT NULL",
)


@pytest.fixture(scope="module")
def fuzzer(world: World) -> Iterator[Fuzzer]:
    """Nothing is left of what it made when its projects are deleted."""
    _delete(world)
    before = host_state(world.stack), _rows()
    yield Fuzzer(world)
    _delete(world)
    assert (host_state(world.stack), _rows()) == before


def _delete(world: World) -> None:
    postgres(f"UPDATE projects_project SET closed = false WHERE project_id IN {PROJECTS}", DATABASE)  # a PUT may have closed them
    world.stack.delete_projects(*PROJECTS)


def _rows() -> list[str]:
    return [postgres(f"SELECT count(*) FROM {rows}", DATABASE) for rows in OWNED]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_answer_to_made_up_requests_is_described(fuzzer: Fuzzer, operation: Operation) -> None:
    if "docker_id" in operation.ids:
        _delete(fuzzer.world)  # those that new-container made have used up the quota
        fuzzer.world.stack.new_container(PROJECTS[0])
    fuzzer.statuses.clear()
    for mode in GenerationMode:
        fuzzer.run(operation, mode, EXAMPLES)
    assert 200 in fuzzer.statuses, fuzzer.statuses
