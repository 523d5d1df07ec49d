"""Every documented error of every endpoint is provoked, and is what the description says."""

import pytest

from tests.system.contract.causes import CAUSES, SETTLED_ELSEWHERE, TOO_SLOW
from tests.system.contract.description import ERRORS, Operation
from tests.system.contract.world import SPARE, World
from tests.system.stack import DATABASE, ROOT, postgres

BUILDING = {"create-bridge", "new-container", "add-port"}  # build a network, which needs what can be taken away
ALIVE = [
    (operation, status, code)
    for operation, status, code in ERRORS
    if code not in {*SETTLED_ELSEWHERE, *TOO_SLOW, "datacenter_unavailable", "database_unavailable"}
    and (code != "datacenter" or operation.name in BUILDING)
]
NO_DATABASE = [(operation, status) for operation, status, code in ERRORS if code == "database_unavailable"]
SESSIONS = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
UNAVAILABLE = [(operation, status) for operation, status, code in ERRORS if code == "datacenter_unavailable"]


def test_every_error_that_is_documented_can_be_provoked_and_none_else() -> None:
    assert {code for _, _, code in ERRORS} == set(CAUSES) | set(SETTLED_ELSEWHERE) | TOO_SLOW
    for code, test in SETTLED_ELSEWHERE.items():
        assert f'"{code}"' in (ROOT / test).read_text()


@pytest.mark.parametrize(("operation", "status", "code"), ALIVE, ids=lambda part: getattr(part, "name", str(part)))
def test_an_error_is_as_documented(world: World, operation: Operation, status: int, code: str) -> None:
    response = CAUSES[code](world, operation)
    body = world.contract.check(operation, response)
    assert (response.status_code, body.get("code")) == (status, code), body


def test_a_docker_engine_that_is_down_is_said_to_be_by_all_that_need_it(world: World) -> None:
    world.ids["spare_docker_id"] = world.stack.new_container(SPARE)["docker_id"]
    world.stack.dockerd.kill()
    try:
        answers = [(operation, status, CAUSES["datacenter_unavailable"](world, operation)) for operation, status in UNAVAILABLE]
    finally:
        world.stack.dockerd.start()
    for operation, status, response in answers:
        body = world.contract.check(operation, response)
        assert (response.status_code, body.get("code")) == (status, "datacenter_unavailable"), (operation, body)
    world.stack.delete_project(SPARE)


def test_a_database_that_is_away_is_said_to_be_by_all_and_is_used_again_when_it_is_back(world: World) -> None:
    postgres(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
    try:
        postgres(SESSIONS)
        answers = [(operation, status, CAUSES["database_unavailable"](world, operation)) for operation, status in NO_DATABASE]
    finally:
        postgres(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    for operation, status, response in answers:
        body = world.contract.check(operation, response)
        assert (response.status_code, body.get("code")) == (status, "database_unavailable"), (operation, body)
    assert world.stack.new_container(SPARE)["docker_id"]
    world.stack.delete_project(SPARE)
