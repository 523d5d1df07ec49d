"""Which processes are shims of a container, and that these alone end."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from datacenter.engine.shims import LOST_TRACK, end_shims, is_shim
from tests.conditions import wait_until

ID, ANOTHER = "ab" * 32, "ab" * 31 + "cd"
SHIM = ["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", ID, "-address", "/run/containerd.sock", ""]


@pytest.mark.parametrize(
    ("command_line", "container", "is_one"),
    [
        (SHIM, ID, True),
        (SHIM, ID[:12], True),
        (["containerd-shim-kata-v2", "-id", ID], ID, True),
        (SHIM, ANOTHER, False),
        ([*SHIM[:-1], "-bundle", "/run/moby", "delete", ""], ID, False),
        (["/usr/bin/containerd-shim-runc-v2", "-namespace", ID, ""], ID, False),
        (["/usr/bin/containerd-shim-runc-v2", "-id"], ID, False),
        (["/usr/bin/python3", "-id", ID, ""], ID, False),
        ([""], ID, False),
    ],
)
def test_is_shim(command_line: list[str], container: str, is_one: bool) -> None:
    assert is_shim(command_line, container) is is_one


@pytest.mark.parametrize(
    "said",
    ["id already in use", f"Cannot restart container {ID[:12]}: id already in use", f"task {ID}: already exists"],
)
def test_what_the_engine_says_where_it_has_lost_track(said: str) -> None:
    assert LOST_TRACK.search(said)


@pytest.mark.parametrize("said", ["unable to find user task: already exists", "endpoint with name web already exists"])
def test_what_it_says_of_something_else(said: str) -> None:
    assert not LOST_TRACK.search(said)


@pytest.fixture
def shims() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes that look like the shims of two containers, by container."""
    look = {one: [SHIM[0], "-c", "sleep 1000; :", "-id", one] for one in (ID, ANOTHER)}
    started = {one: subprocess.Popen(command, executable="/bin/sh", start_new_session=True) for one, command in look.items()}
    yield started
    for process in started.values():
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.wait()


def test_those_of_the_container_end_and_no_others(shims: dict[str, subprocess.Popen[bytes]]) -> None:
    wait_until(lambda: all(is_shim(_command_line(shims[one].pid), one) for one in shims), "both have begun")
    end_shims(ID)
    wait_until(lambda: shims[ID].poll() is not None, "that of the container ends")
    assert shims[ANOTHER].poll() is None


def _command_line(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
