"""User 9, never seen with a project, learns nothing of what is in it: not even that it is there."""

from typing import Any

import pytest

from tests.system.contract.description import NAMED, OPERATIONS, Operation
from tests.system.contract.world import CLOSED, PORT, PROJECT, STRANGER, TAKEN, UNKNOWN_ID, World
from tests.system.stack import DATABASE, postgres

UNKNOWN_PORT = 99
BY_THING = [
    operation for operation in OPERATIONS if operation.ids & {"docker_id", "port_id"} and "project_id" not in operation.ids
]
BY_USER = [operation for operation in OPERATIONS if "user_id" in operation.ids]


def _rows() -> str:
    tables = ("operations_operation", "projects_member", "projects_project", "containers_container", "ports_socket")
    return " ".join(
        postgres(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t", DATABASE) for table in tables
    )


def _refusal(world: World, operation: Operation, **ids: Any) -> tuple[int, str]:
    """Status and body of what user 9 is answered, without the id that he gave himself."""
    response = world.call(operation, user_id=STRANGER, **ids)
    world.contract.check(operation, response)
    body = response.text
    for given in ids.values():
        body = body.replace(str(given), "THAT")
    return response.status_code, body


@pytest.mark.parametrize("operation", BY_THING, ids=lambda operation: operation.name)
def test_a_stranger_gets_the_answer_of_what_does_not_exist(world: World, operation: Operation) -> None:
    if "docker_id" in operation.ids:
        there = _refusal(world, operation, docker_id=world.ids["docker_id"])
        nowhere = _refusal(world, operation, docker_id=UNKNOWN_ID)
    else:
        there, nowhere = _refusal(world, operation, port_id=PORT), _refusal(world, operation, port_id=UNKNOWN_PORT)
    assert there == nowhere
    assert there[0] == 400


@pytest.mark.parametrize("operation", BY_USER, ids=lambda operation: operation.name)
def test_a_closed_project_refuses_a_stranger_everywhere(world: World, operation: Operation) -> None:
    things = {"docker_id": world.ids["closed_docker_id"], "port_id": TAKEN, "project_id": CLOSED}
    status, body = _refusal(world, operation, **{name: things[name] for name in operation.ids & set(things)})
    assert status == 400
    expected = (
        "not_a_member"
        if "project_id" in operation.ids
        else "unknown_container"
        if "docker_id" in operation.ids
        else "unknown_socket"
    )
    assert f'"code":"{expected}"' in body


def test_the_owner_is_let_in_where_the_stranger_is_not(world: World) -> None:
    listed = NAMED["get-project-containers"]
    assert world.call(listed, project_id=PROJECT).status_code == 200
    assert world.call(listed, project_id=CLOSED).status_code == 200
