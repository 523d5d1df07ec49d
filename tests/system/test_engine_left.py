"""What an engine leaves that is killed in the middle: whoever asks for something gets it, and nothing goes on unseen.

It can take a container for ended that runs, for it hears of the end of what the container was before (moby 20.10); here it is
told of such an end. And it can have removed a container half; here one has a file that cannot be removed.
"""

import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conditions import wait_until
from tests.system.repairs.harm import HARM, harm
from tests.system.stack import ENGINE_RUN, Stack, lives

PUBLISH = ("containerd", "--address", f"{ENGINE_RUN}/exec/containerd/containerd.sock", "publish", "--namespace", "moby")
TOPIC, TYPE = "/tasks/exit", b"containerd.events.TaskExit"  # containerd, api/events/task.proto
KILLED = 137


TRIED_ONCE = "exited"  # by engine 20.10
BETWEEN_TRIES, IN_A_TRY = (
    "restarting",
    "running",
)  # 26 tries again and again: each ends what was, starts it, and is lost after 2 s


class Stray(NamedTuple):
    """A container of which the engine has lost track, and the pid of its first process."""

    container: str
    pid: int

    def runs(self) -> bool:
        """Whether any process of it is left, that of a later start too."""
        return any(self.container in _read(place / "cgroup") for place in Path("/proc").glob("[0-9]*"))


def lose_track(stack: Stack, project: int, name: str, moment: str = BETWEEN_TRIES) -> Stray:
    """Have the engine believe that a container has ended, which runs on."""
    container, pid = stack.docker("inspect", "-f", "{{.Id}}", stack.docker_name(project, name)).strip(), stack.pid(project, name)
    event = _text(1, container.encode()) + _text(2, container.encode()) + _number(3, pid) + _number(4, KILLED)
    event += _text(5, _number(1, int(time.time())))
    subprocess.run([*PUBLISH, "--topic", TOPIC], input=_text(1, TYPE) + _text(2, event), check=True, timeout=60)
    wait_until(lambda: _status(stack, container) in (TRIED_ONCE, BETWEEN_TRIES), "the engine takes it for ended")
    assert lives(pid), "the control: it has not"
    wait_until(lambda: _status(stack, container) in (TRIED_ONCE, moment), f"it is {moment}")
    return Stray(container, pid)


def _status(stack: Stack, container: str) -> str:
    return stack.docker("inspect", "-f", "{{.State.Status}}", container).strip()


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # its process has ended
        return ""


def _text(field: int, value: bytes) -> bytes:
    """A field of a protobuf message that has a length."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def ask_of_lost(stack: Stack, project: int, change: str, moment: str) -> Stray:
    """A call for a new container `web` of which the engine has lost track; what it was ends."""
    web = stack.new_container(project, "web")
    stray = lose_track(stack, project, "web", moment)
    answer = stack.post(f"/{change}-container/1/{web['docker_id']}/")
    assert answer.status == 200, str(answer)
    wait_until(lambda: not lives(stray.pid), "what it was before ends")
    return stray


@pytest.mark.parametrize("moment", [BETWEEN_TRIES, IN_A_TRY])
@pytest.mark.parametrize("change", ["start", "restart"])
def test_it_is_started_and_runs_once(stack: Stack, project: int, change: str, moment: str) -> None:
    ask_of_lost(stack, project, change, moment)
    assert stack.pings(project, "web", "router")


@pytest.mark.parametrize("moment", [BETWEEN_TRIES, IN_A_TRY])
@pytest.mark.parametrize("change", ["stop", "remove"])
def test_it_ends(stack: Stack, project: int, change: str, moment: str) -> None:
    stray = ask_of_lost(stack, project, change, moment)
    wait_until(lambda: not stray.runs(), "nothing of it is left")


def test_reconcile_starts_it(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    strays = [lose_track(stack, project, name) for name in ("web", "router")]

    def put_right() -> bool:
        stack.manage("reconcile")  # engine 26 calls them running for 2 s of each of its tries: a look may come too early
        return not any(lives(stray.pid) for stray in strays) and stack.pings(project, "web", "router")

    wait_until(put_right, "what they were before ends, and they run")


@pytest.mark.parametrize("change", ["start", "restart", "stop"])
def test_one_that_is_removed_half_is_lost_until_it_is_made_anew(stack: Stack, project: int, change: str) -> None:
    web = stack.new_container(project, "web")
    harm(project, HARM["a container that is removed half"][0], "")
    answer = stack.post(f"/{change}-container/1/{web['docker_id']}/")
    assert (answer.status, answer.body["code"]) == (500, "container_lost"), str(answer)
    stack.manage("reconcile")
    anew = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [(one["container_name"], one["ip"], one["status"]) for one in anew] == [("web", web["ip"], "running")]
    assert stack.pings(project, "web", "router")


def test_one_that_is_removed_half_can_be_removed(stack: Stack, project: int) -> None:
    web = stack.new_container(project, "web")
    harm(project, HARM["a container that is removed half"][0], "")
    assert stack.post(f"/remove-container/1/{web['docker_id']}/").status == 200
    assert stack.docker("ps", "-aqf", f"name={stack.docker_name(project, 'web')}") == ""


@pytest.mark.parametrize("moment", [BETWEEN_TRIES, IN_A_TRY])
def test_it_goes_with_its_project(stack: Stack, project: int, moment: str) -> None:
    stack.new_container(project, "web")
    strays = [lose_track(stack, project, name, moment) for name in ("web", "router")]
    stack.delete_project(project)
    wait_until(lambda: not any(stray.runs() for stray in strays), "they end")
