"""`manage.py reconcile`: it tells what differs, puts it right, and tells what it did."""

import re
from typing import Any

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.repairs.harm import AT_ONCE, HARM, harm, pattern
from tests.system.repairs.reconciling import dry_run
from tests.system.stack import DATABASE, Stack, postgres
from tests.system.state import differences
from tests.system.state.facts import rows

PROJECT = 1801


@pytest.fixture(scope="module")
def standing(lab: Lab) -> Any:
    """A project with a container that runs, one that is stopped, and a laptop; nothing differs, before and after each test."""
    web = lab.stack.new_container(PROJECT, "web")
    idle = lab.stack.new_container(PROJECT, "idle")
    assert lab.stack.post(f"/stop-container/1/{idle['docker_id']}/").status == 200
    lab.join(2, PROJECT)
    lab.stack.command("reconcile")  # the lab has given the host a network that no project may reach
    assert dry_run(lab.stack) == [], "the control"
    yield web
    lab.stack.delete_project(PROJECT)


@pytest.mark.parametrize("harms", AT_ONCE, ids=", ".join)
def test_all_is_told_and_put_right(lab: Lab, standing: dict[str, Any], harms: tuple[str, ...]) -> None:
    for what in harms:
        harm(PROJECT, HARM[what][0], f"{standing['ip']}/24")
    told = dry_run(lab.stack)
    untold = [what for what in harms if not any(re.search(pattern(PROJECT, HARM[what][1]), line) for line in told)]
    assert not untold, told
    print(lab.stack.command("reconcile"))
    assert dry_run(lab.stack) == []
    assert differences(lab.stack) == []
    assert lab.stack.pings(PROJECT, "web", "router")
    assert lab.pings(2, standing["ip"])
    assert lab.stack.inside(PROJECT, "web", "curl", "-sm5", "-o", "/dev/null", "http://router.invalid").returncode == 6


def test_nothing_is_left_out() -> None:
    assert {what for harms in AT_ONCE for what in harms} == HARM.keys()


def test_an_operation_tells_what_was_repaired(lab: Lab, standing: dict[str, Any]) -> None:
    harm(PROJECT, HARM["its flows"][0], "")
    with pytest.raises(AssertionError, match=r"exited 1: project 1801: flows \S+: its flows are not there"):
        lab.stack.manage("reconcile", "--dry-run")
    printed = lab.stack.manage("reconcile")
    newest = f"kind = 'repair' AND project_id = {PROJECT} ORDER BY created DESC LIMIT 1"
    [told] = rows(f"SELECT * FROM operations_operation WHERE {newest}")
    assert (told["state"], told["service"]) == ("SUCCEEDED", "reconcile")
    assert told["log"] in printed
    assert re.search(r"repaired project 1801: flows \S+: its flows are not there", told["log"])
    assert len(told["result"]["repairs"]) == 1


def test_what_waits_before_a_repair_is_done_too_without_a_worker(lab: Lab, standing: dict[str, Any], stack: Stack) -> None:
    web = stack.docker("inspect", "-f", "{{slice .Id 0 12}}", stack.docker_name(PROJECT, "web")).strip()
    order = f"Order('restart-container', {PROJECT}, '{web}')"
    stack.control("stop", "datacenter")
    try:
        submit = "from apps.operations.services import Caller, Order, operation_submit; "
        operation = stack.orm(f"{submit}print(operation_submit(Caller('tests', 1), {order}).pk)").strip()
        harm(PROJECT, HARM["its flows"][0], "")
        stack.command("reconcile")
    finally:
        stack.control("start", "datacenter")
    [waited] = rows(f"SELECT state, error FROM operations_operation WHERE uuid = '{operation}'")
    assert waited == {"state": "SUCCEEDED", "error": ""}
    assert dry_run(stack) == []


def test_what_a_lost_worker_was_making_is_removed_and_can_be_made_again(stack: Stack, project: int) -> None:
    """Its operation has failed, and who asked is told to ask again."""
    stack.new_container(project, "web")
    postgres(f"UPDATE containers_container SET docker_id = '' WHERE project_id = {project}", DATABASE)
    assert f"project {project}: container web: nobody knows" in "\n".join(dry_run(stack))
    stack.command("reconcile")
    assert dry_run(stack) == []
    stack.new_container(project, "web")


def test_who_knows_the_docker_id_that_a_container_had_before_it_was_made_anew_is_told_the_one_it_has(
    stack: Stack, project: int
) -> None:
    """And what was asked for under the old one before is done to the new one."""
    former = stack.new_container(project, "web")["docker_id"]
    stack.control("stop", "datacenter")
    try:
        stack.docker("rm", "-f", "-v", former)
        stack.orm(
            "from apps.operations.services import Caller, Order, operation_submit; caller = Caller('tests', 1);"
            f"operation_submit(caller, Order('repair', {project}));"
            f"operation_submit(caller, Order('stop-container', {project}, '{former}'))"
        )
    finally:
        stack.control("start", "datacenter")
    both = f"SELECT kind, state FROM operations_operation WHERE service = 'tests' AND project_id = {project} ORDER BY created"
    wanted = [{"kind": kind, "state": "SUCCEEDED"} for kind in ("repair", "stop-container")]
    wait_until(lambda: rows(both) == wanted, "both are done", 60)
    [there] = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert (there["status"], there["docker_id"] != former) == ("exited", True)
    answer = stack.post(f"/start-container/1/{former}/")
    assert (answer.status, answer.body["code"]) == (400, "container_replaced")
    assert there["docker_id"] in answer.body["error"]


def test_one_project_alone_can_be_looked_at(lab: Lab, standing: dict[str, Any], stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    for number in (PROJECT, project):
        harm(number, "docker stop -t0 $web", "")
    assert [line.split(":")[0] for line in dry_run(stack, "--project", str(project))] == [f"project {project}"]
    stack.command("reconcile", "--project", str(project))
    assert [line.split(":")[0] for line in dry_run(stack)] == [f"project {PROJECT}"]
    stack.command("reconcile")
    assert dry_run(stack) == []
