"""The parents of containers' processes, of containerd (its runtime/v2/README.md), for where the engine has lost track."""

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from docker.errors import APIError

SHIM = "containerd-shim"  # how its program's name begins, whatever the runtime
LOST_TRACK = re.compile(  # what the engine says where one is in its way
    r"id already in use|task [0-9a-f]{64}: already exists|runtime\.v2\.task/moby/[0-9a-f]{64}: file exists"
)
PATIENCE = 20.0  # seconds for containerd to clear up after a shim
BETWEEN = 0.1  # seconds; it tells nobody when it has


def end_shims(container: str) -> bool:
    """Have all processes of a container end, whatever the engine takes it for; whether there were any. The id may be a short one.

    containerd ends them, and forgets the container's task, when it sees that their shim is gone. What we may not see is left.
    """
    found = shims(container)
    for pid in found:
        with suppress(ProcessLookupError):  # it has ended
            os.kill(pid, signal.SIGKILL)
    return bool(found)


def shims(container: str) -> list[int]:
    """Pids of the shims of a container; the id may be a short one. None: it does not run."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            if is_shim((place / "cmdline").read_bytes().decode(errors="replace").split("\0"), container):
                found.append(int(place.name))
    return found


def is_shim(command_line: list[str], container: str) -> bool:
    """Whether this is the command line of a shim of the container, and not of one that clears up after another; pure."""
    program, *arguments = command_line
    of = dict(pairwise(arguments)).get("-id", "")
    return Path(program).name.startswith(SHIM) and of.startswith(container) and "delete" not in arguments


def on_track(container: str, start: Callable[[], None]) -> None:
    """Start a container; where the engine has lost track of one that runs, that one ends first.

    A SIGKILL of engine and containerd leads to it: an engine that comes back starts containers, and then hears of the end of
    those they were before (seen with moby 20.10). That one tries once to start such a container, 26.1 again and again.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return start()
        except APIError as error:
            if not LOST_TRACK.search(str(error.explanation)) or time.monotonic() > deadline:
                raise
        end_shims(container)
        time.sleep(BETWEEN)
