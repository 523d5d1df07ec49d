"""Every endpoint does what it says, and answers as described."""

from typing import Any

import pytest

from tests.conditions import wait_until
from tests.system.contract.description import NAMED, OPERATIONS, Operation
from tests.system.contract.world import BARE, FREE, USER, World

NEW_CONTAINER = NAMED["new-container"]
CHANGES = [operation for operation in OPERATIONS if "202" in operation.described["responses"]]


def _spare_things(world: World, operation: Operation) -> dict[str, Any]:
    """Ids of what a change is tried on: a project, a container and a socket that nobody will miss."""
    if operation.method == "GET" and operation not in CHANGES:
        return {}
    made = {"docker_id": world.stack.new_container(BARE)["docker_id"]} if "docker_id" in operation.ids else {}
    if operation.name == "remove-port":
        world.lab.add(FREE, BARE)
    return {"project_id": BARE, "port_id": FREE} | made


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_success_is_as_documented(world: World, operation: Operation) -> None:
    response = world.call(operation, **_spare_things(world, operation))
    assert response.status_code == 200, response.text
    world.contract.check(operation, response)


@pytest.mark.parametrize("operation", CHANGES, ids=lambda operation: operation.name)
def test_a_change_that_is_not_waited_for_is_answered_as_pending_and_can_be_read(world: World, operation: Operation) -> None:
    response = world.call(operation, {"Prefer": "respond-async"}, **_spare_things(world, operation))
    assert response.status_code in {200, 202}, response.text
    body = world.contract.check(operation, response)
    assert response.headers["Preference-Applied"] == "respond-async"
    if response.status_code == 202:
        assert response.headers["Location"].endswith(f"/operations/{body['operation']}/")
        detail = NAMED["operation"]

        def ended() -> bool:
            read = world.contract.check(detail, world.call(detail, uuid=body["operation"]))
            return bool(read["operation"]["state"] == "SUCCEEDED")

        wait_until(ended, "the operation succeeded")


@pytest.mark.parametrize("media_type", NEW_CONTAINER.described["requestBody"]["content"])
def test_a_body_is_taken_in_every_form_that_is_described(world: World, media_type: str) -> None:
    fields = {"name": "formed", "image": "default"}
    body: dict[str, Any] = {
        "multipart/form-data": {"files": {name: (None, value) for name, value in fields.items()}},
        "application/json": {"json": fields},
    }
    response = world.request("POST", f"/new-container/{USER}/{BARE}/", {}, **body.get(media_type, {"data": fields}))
    assert (response.status_code, response.json().get("container_name")) == (200, "formed"), response.text
    assert response.request.headers["Content-Type"].startswith(media_type)
    remove = NAMED["remove-container"]
    assert world.call(remove, docker_id=response.json()["docker_id"]).status_code == 200


def test_something_that_is_needed_is_away_and_readyz_says_what(world: World) -> None:
    operation = NAMED["readyz"]
    world.stack.control("stop", "driver")
    try:
        response = world.call(operation)
    finally:
        world.stack.control("start", "driver")
    body = world.contract.check(operation, response)
    assert response.status_code == 503
    assert [name for name, check in body["checks"].items() if "error" in check] == ["driver"]
