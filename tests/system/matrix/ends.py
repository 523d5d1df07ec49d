"""Ends of streams that outlive a container's restart: whichever process it has now."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.stream import Endpoint
from tests.system.stack import DOCKER_HOST

NAMED = re.compile(r"\[\".+\", \d+\]").fullmatch  # what `docker inspect` says of a container; it says `[]` where it knows none


@dataclass(frozen=True)
class Process:
    """A container's first process, and the index of an interface in its namespace."""

    pid: int
    index: int

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint.of_process(self.pid)

    @property
    def lives(self) -> bool:
        """Whether it is there still, and has the interface that it had."""
        return index_of(self.pid) == self.index


@dataclass(frozen=True)
class End:
    """One end of a stream: a place that stays, or a container by Docker's name."""

    stays: Endpoint | None = None
    container: str = ""

    def endpoint(self, processes: Mapping[str, Process]) -> Endpoint | None:
        """Where it is now; None if its container does not run."""
        if self.stays:
            return self.stays
        process = processes.get(self.container)
        return process.endpoint if process and process.lives else None


def index_of(pid: int, interface: str = "eth0") -> int:
    """Index of an interface that is up in a process' namespace; 0 if there is none, or no such process."""
    try:
        lines = Path(f"/proc/{pid}/net/igmp").read_text().splitlines()
    except OSError:
        return 0
    found = (line.split() for line in lines if not line.startswith("\t"))
    return next((int(words[0]) for words in found if len(words) > 1 and words[1] == interface), 0)


def running(names: Iterable[str]) -> dict[str, Process]:
    """Those of the containers that run and are plugged in; none if the engine does not answer within 5 s."""
    command = ["docker", "-H", DOCKER_HOST, "inspect", "-f", "[{{json .Name}}, {{.State.Pid}}]", *names]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.splitlines()
    except subprocess.TimeoutExpired:
        return {}
    pids = {name.removeprefix("/"): pid for name, pid in map(json.loads, filter(NAMED, listed)) if pid}
    return {name: Process(pid, index) for name, pid in pids.items() if (index := index_of(pid))}
