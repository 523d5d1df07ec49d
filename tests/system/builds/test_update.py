"""update-container: build first, swap second, and the old one where the new one does not stay up."""

import json
import os
import signal
from typing import Any

import pytest

from tests.conditions import wait_until
from tests.system.stack import BASE_IMAGE, INSTANCE, Stack

BASE = f"FROM {BASE_IMAGE}\n"
STAYS = 'CMD ["sleep", "1000"]\n'
FIRST = BASE + "VOLUME /data\nRUN echo first >/version\n" + STAYS
SECOND = BASE + "VOLUME /data /more\nRUN echo second >/version\n" + STAYS


def inspected(stack: Stack, project: int, name: str = "web") -> dict[str, Any]:
    return dict(json.loads(stack.docker("inspect", stack.docker_name(project, name)))[0])


def address(stack: Stack, project: int) -> tuple[str, str]:
    endpoint = inspected(stack, project)["NetworkSettings"]["Networks"][f"{INSTANCE}-p{project}"]
    return endpoint["IPAddress"], endpoint["MacAddress"]


def version(stack: Stack, project: int) -> str:
    return stack.inside(project, "web", "cat", "/version").stdout.strip()


@pytest.fixture
def web(stack: Stack, project: int) -> dict[str, Any]:
    """A container of the first image, with something in its volume."""
    answer = stack.build(f"/new-container/1/{project}/", FIRST, name="web")
    assert answer.status == 200, str(answer)
    assert stack.inside(project, "web", "sh", "-c", "echo kept >/data/file").returncode == 0
    return answer.body


def test_name_address_limits_and_volumes_stay(stack: Stack, project: int, web: dict[str, Any]) -> None:
    before, limits = address(stack, project), inspected(stack, project)["HostConfig"]["Memory"]
    answer = stack.build(f"/update-container/1/{web['docker_id']}/", SECOND)
    assert answer.status == 200, str(answer)
    assert (answer.body["container_name"], answer.body["ip"]) == ("web", web["ip"])
    assert answer.body["docker_id"] == inspected(stack, project)["Id"][:12] != web["docker_id"]
    assert (version(stack, project), address(stack, project)) == ("second", before)
    assert inspected(stack, project)["HostConfig"]["Memory"] == limits
    assert inspected(stack, project)["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert stack.inside(project, "web", "cat", "/data/file").stdout == "kept\n"
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [(one["docker_id"], one["status"]) for one in listed] == [(answer.body["docker_id"], "running")]
    wait_until(lambda: len(stack.docker("images", "-q", f"{INSTANCE}-p{project}/web").split()) == 1, "the old image is gone")


def test_an_update_to_what_it_was_leaves_its_image_one_name(stack: Stack, project: int, web: dict[str, Any]) -> None:
    assert stack.build(f"/update-container/1/{web['docker_id']}/", FIRST).status == 200
    name = inspected(stack, project)["Config"]["Image"]
    listed = ("images", "--format", "{{.Repository}}:{{.Tag}}", f"{INSTANCE}-p{project}/web")
    wait_until(lambda: stack.docker(*listed).split() == [name], "it has the name that its container knows, and no other")


def test_its_volumes_are_removed_with_it(stack: Stack, project: int, web: dict[str, Any]) -> None:
    anonymous = {mount["Name"] for mount in inspected(stack, project)["Mounts"]}
    updated = stack.build(f"/update-container/1/{web['docker_id']}/", SECOND).body
    anonymous |= {mount["Name"] for mount in inspected(stack, project)["Mounts"]}
    assert len(anonymous) == 2
    assert stack.post(f"/remove-container/1/{updated['docker_id']}/").status == 200
    assert anonymous.isdisjoint(stack.docker("volume", "ls", "-q").split())


def test_the_engine_removes_them_with_it_so_that_no_worker_that_is_lost_leaves_them(
    stack: Stack, project: int, web: dict[str, Any]
) -> None:
    assert stack.build(f"/update-container/1/{web['docker_id']}/", SECOND).status == 200
    anonymous = {mount["Name"] for mount in inspected(stack, project)["Mounts"]}
    stack.docker("rm", "-fv", stack.docker_name(project, "web"))
    assert len(anonymous) == 2
    assert anonymous.isdisjoint(stack.docker("volume", "ls", "-q").split())


def test_one_with_a_relative_volume_can_be_updated(stack: Stack, project: int) -> None:
    docker_id = stack.build(f"/new-container/1/{project}/", BASE + "VOLUME data\n" + STAYS, name="web").body["docker_id"]
    assert stack.inside(project, "web", "sh", "-c", "echo kept >/data/file").returncode == 0
    answer = stack.build(f"/update-container/1/{docker_id}/", BASE + STAYS)
    assert answer.status == 200, str(answer)
    assert stack.inside(project, "web", "cat", "/data/file").stdout == "kept\n"


def test_the_old_docker_id_says_which_one_replaced_it(stack: Stack, project: int, web: dict[str, Any]) -> None:
    updated = stack.build(f"/update-container/1/{web['docker_id']}/", SECOND).body
    for path in ("stop-container", "remove-container", "start-container"):
        answer = stack.post(f"/{path}/1/{web['docker_id']}/")
        assert (answer.status, answer.body["code"]) == (400, "container_replaced")
        assert updated["docker_id"] in answer.body["error"]
    assert stack.post(f"/restart-container/1/{updated['docker_id']}/").status == 200


@pytest.mark.parametrize(
    ("dockerfile", "code"),
    [
        (BASE + 'CMD ["sh", "-c", "echo oh no; exit 3"]\n', "start_failed"),
        (BASE + 'CMD ["/no/such/program"]\n', "start_failed"),
        (BASE + "USER nobody-of-that-name\n" + STAYS, "start_failed"),
        (BASE + "USER network\n" + STAYS, "start_failed"),
        (BASE + "RUN touch /data\n" + STAYS, "start_failed"),
        (BASE + "RUN false\n", "build_failed"),
    ],
)
def test_where_the_new_one_does_not_come_up_the_old_one_runs_again(
    stack: Stack, project: int, web: dict[str, Any], dockerfile: str, code: str
) -> None:
    before = address(stack, project)
    answer = stack.build(f"/update-container/1/{web['docker_id']}/", dockerfile)
    assert (answer.status, answer.body["code"]) == (400, code), answer
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [(one["docker_id"], one["status"]) for one in listed] == [(web["docker_id"], "running")]
    assert (version(stack, project), address(stack, project)) == ("first", before)
    assert stack.inside(project, "web", "cat", "/data/file").stdout == "kept\n"
    assert inspected(stack, project)["HostConfig"]["RestartPolicy"]["Name"] == "always"
    wait_until(lambda: len(stack.docker("images", "-q", f"{INSTANCE}-p{project}/web").split()) == 1, "the old image is gone")
    assert len(stack.docker("ps", "-aq", "--filter", f"name={INSTANCE}-p{project}").split()) == 2, "it and the router"


def test_one_of_the_catalogue_can_be_updated(stack: Stack, project: int) -> None:
    made = stack.new_container(project, "web")
    assert stack.build(f"/update-container/1/{made['docker_id']}/", SECOND).status == 200
    assert version(stack, project) == "second"
    assert stack.docker("images", "-q", f"{INSTANCE}-default"), "the catalogue's image stays"


def test_one_that_is_stopped_stays_so(stack: Stack, project: int, web: dict[str, Any]) -> None:
    assert stack.post(f"/stop-container/1/{web['docker_id']}/").status == 200
    updated = stack.build(f"/update-container/1/{web['docker_id']}/", SECOND).body
    assert inspected(stack, project)["State"]["Running"] is False
    assert stack.post(f"/start-container/1/{updated['docker_id']}/").body["ip"] == web["ip"]
    assert version(stack, project) == "second"


def test_it_runs_on_until_its_successor_is_built(stack: Stack, project: int, web: dict[str, Any]) -> None:
    operation = stack.submit(f"/update-container/1/{web['docker_id']}/", BASE + "RUN echo begun; sleep 5\n" + STAYS)
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build has begun")
    assert version(stack, project) == "first"
    assert stack.ended(operation)["state"] == "SUCCEEDED"


def test_what_a_lost_worker_left_in_the_middle_of_the_swap_is_put_right_by_the_next_change(
    stack: Stack, project: int, leaves_nothing: object
) -> None:
    web = stack.new_container(project, "web")
    worker = int(stack.control("pid", "datacenter"))
    operation = stack.submit(f"/update-container/1/{web['docker_id']}/", SECOND)
    wait_until(lambda: f"{stack.docker_name(project, 'web')}.next" in running(stack), "the next one is up")
    os.killpg(worker, signal.SIGKILL)
    assert stack.ended(operation)["error_code"] == "worker_lost"
    assert stack.post(f"/stop-container/1/{web['docker_id']}/").status == 200
    assert [name for name in running(stack) if ".web" in name] == []
    assert stack.post(f"/start-container/1/{web['docker_id']}/").status == 200
    assert stack.pings(project, "web", "router")
    assert stack.post(f"/remove-container/1/{web['docker_id']}/").status == 200


def test_a_network_goes_with_what_a_lost_worker_left_in_the_middle_of_a_swap(
    stack: Stack, project: int, web: dict[str, Any], leaves_nothing: object
) -> None:
    """Both containers have the volume, and neither goes without the other's leave."""
    worker = int(stack.control("pid", "datacenter"))
    operation = stack.submit(f"/update-container/1/{web['docker_id']}/", SECOND)
    wait_until(lambda: f"{stack.docker_name(project, 'web')}.next" in running(stack), "the next one is up")
    os.killpg(worker, signal.SIGKILL)
    assert stack.ended(operation)["error_code"] == "worker_lost"
    stack.delete_project(project)


def running(stack: Stack) -> list[str]:
    return stack.docker("ps", "--format", "{{.Names}}").split()


def test_one_that_is_removed_meanwhile_stays_removed(stack: Stack, project: int, web: dict[str, Any]) -> None:
    operation = stack.submit(f"/update-container/1/{web['docker_id']}/", BASE + "RUN echo begun; sleep 5\n" + STAYS)
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build has begun")
    assert stack.post(f"/remove-container/1/{web['docker_id']}/").status == 200
    assert stack.ended(operation)["error_code"] == "unknown_container"
    assert stack.get(f"/get-project-containers/1/{project}/").body["containers"] == []
    wait_until(lambda: not stack.docker("images", "-q", f"{INSTANCE}-p{project}/web"), "its images are gone")
