"""A container keeps IP, MAC and name, and is connected again, whatever happens to it or to the engine."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.system.stack import Stack


def _identity(stack: Stack, project: int, name: str) -> tuple[str, str, str]:
    """(IP, MAC, host name), read inside."""
    link = stack.inside(project, name, "ip", "-o", "link", "show", "eth0").stdout
    address = stack.inside(project, name, "ip", "-o", "-4", "address", "show", "eth0").stdout
    assert "link/ether" in link, link
    return address.split()[3], link.split("link/ether ")[1].split()[0], stack.inside(project, name, "hostname").stdout.strip()


def _connected(stack: Stack, project: int) -> bool:
    """Whether `web` reaches its router, its sibling by name, and is reached."""
    pairs = [("web", "router"), ("web", "db"), ("db", "web")]
    return all(stack.inside(project, here, "ping", "-c1", "-W1", there).returncode == 0 for here, there in pairs)


def _stop_and_start(stack: Stack, project: int, docker_id: str) -> None:
    assert stack.get(f"/stop-container/1/{docker_id}/").body == {"success": True}
    assert stack.get(f"/get-project-containers/1/{project}/").body["containers"][1]["status"] == "exited"
    started = stack.get(f"/start-container/1/{docker_id}/")
    assert started.body["docker_id"] == docker_id


def _restart(stack: Stack, project: int, docker_id: str) -> None:
    assert stack.post(f"/restart-container/1/{docker_id}/").body["docker_id"] == docker_id


def _docker_restart(stack: Stack, project: int, docker_id: str) -> None:
    stack.docker("restart", "-t", "1", docker_id)


def _first_process_killed(stack: Stack, project: int, docker_id: str) -> None:
    before = stack.docker("inspect", "-f", "{{.RestartCount}}", docker_id)
    os.kill(stack.pid(project, "web"), signal.SIGKILL)
    wait_until(lambda: stack.docker("inspect", "-f", "{{.RestartCount}}", docker_id) != before, "the restart policy acts")


def _docker_kill_and_start(stack: Stack, project: int, docker_id: str) -> None:
    stack.docker("kill", docker_id)
    assert stack.post(f"/start-container/1/{docker_id}/").status == 200


def _driver_restarted(stack: Stack, project: int, docker_id: str) -> None:
    stack.control("restart", "driver")
    stack.docker("restart", "-t", "1", docker_id)


def _engine_killed(stack: Stack, project: int, docker_id: str) -> None:
    stack.dockerd.kill()
    stack.dockerd.start()


@pytest.mark.parametrize(
    "event",
    [
        _stop_and_start,
        _restart,
        _docker_restart,
        _first_process_killed,
        _docker_kill_and_start,
        _driver_restarted,
        _engine_killed,
    ],
)
def test_a_container_survives(stack: Stack, project: int, event: Callable[[Stack, int, str], None]) -> None:
    web = stack.new_container(project, "web")
    stack.new_container(project, "db")
    before = _identity(stack, project, "web")
    assert before[0] == f"{web['ip']}/24"
    assert before[1] == "02:42:" + ":".join(f"{int(byte):02x}" for byte in web["ip"].split("."))
    assert _connected(stack, project)
    event(stack, project, web["docker_id"])
    wait_until(lambda: _connected(stack, project), "connected again")
    assert _identity(stack, project, "web") == before
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert {c["container_name"]: (c["ip"], c["status"]) for c in listed}["web"] == (web["ip"], "running")


def test_nobody_but_root_may_speak_to_the_driver(stack: Stack) -> None:
    assert oct(Path("/run/docker/plugins/nms.sock").stat().st_mode & 0o777) == "0o600"


def test_start_of_a_running_and_stop_of_a_stopped_container_succeed(stack: Stack, project: int) -> None:
    docker_id = stack.new_container(project, "web")["docker_id"]
    assert stack.post(f"/start-container/1/{docker_id}/").status == 200
    assert [stack.post(f"/stop-container/1/{docker_id}/").status for _ in range(2)] == [200, 200]


def test_a_removed_containers_address_and_name_are_free_again(stack: Stack, project: int) -> None:
    first = stack.new_container(project, "web")
    assert stack.post(f"/remove-container/1/{first['docker_id']}/").body == {"success": True}
    second = stack.new_container(project, "web")
    assert (second["ip"], second["container_name"]) == (first["ip"], "web")
    answer = stack.post(f"/remove-container/1/{first['docker_id']}/")
    assert (answer.status, answer.body["code"]) == (400, "unknown_container")


def test_a_stopped_container_stays_stopped_when_the_engine_comes_back(stack: Stack, project: int) -> None:
    web, db = stack.new_container(project, "web"), stack.new_container(project, "db")
    stack.post(f"/stop-container/1/{db['docker_id']}/")
    _engine_killed(stack, project, web["docker_id"])
    wait_until(lambda: stack.pings(project, "web", "router"), "connected again")
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert {c["container_name"]: c["status"] for c in listed} == {"web": "running", "db": "exited"}
