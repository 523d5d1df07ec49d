"""Probes in many namespaces at once: who sees the frames of whom."""

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from lab.stream import Endpoint
from tests.system.room.frames import Addresses, Mark

PROGRAM = str(Path(__file__).with_name("probe.py"))


@dataclass(frozen=True)
class Place:
    """Where a probe is; one that `watches` sees also what leaves by its interface, and sends nothing."""

    name: str
    end: Endpoint
    watches: bool = False


@dataclass(frozen=True)
class Member:
    """A laptop, a container or a router of a project."""

    place: Place
    project: int
    addresses: Addresses
    switch: int = 0  # of a laptop

    @property
    def laptop(self) -> bool:
        return self.switch != 0

    @property
    def name(self) -> str:
        return self.place.name


class Seen(NamedTuple):
    """A marked frame, and where it was seen; an answer carries the mark of what it answers."""

    at: str
    sender: str
    kind: str
    target: str
    answer: bool


class Mesh:
    """Probes at these places, from `with` to its end."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = list(places)
        self._run = secrets.token_hex(4)
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._seen: set[Seen] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for place in self._places:
                self._processes[place.name] = process = self._start(place)
                stack.callback(_end, process)
            for place in self._places:
                process = self._processes[place.name]
                assert process.stdout is not None
                assert process.stdout.readline() == '"ready"\n', f"the probe at {place.name} does not start"
                reader = threading.Thread(target=self._read, args=(place.name, process), daemon=True)
                reader.start()
                stack.callback(reader.join)
            stack.callback(self._close_inputs)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def mark(self, sender: Member | Place, kind: str, target: Member | str = "") -> Mark:
        """A mark of this mesh's own."""
        return Mark(self._run, sender.name, kind, target if isinstance(target, str) else target.name)

    def send(self, sender: Member | Place, frames: Iterable[bytes]) -> None:
        """Have frames sent from there, in this order."""
        pipe = self._processes[sender.name].stdin
        assert pipe is not None
        pipe.write(json.dumps([frame.hex() for frame in frames]) + "\n")
        pipe.flush()

    @property
    def seen(self) -> set[Seen]:
        """What was seen up to now."""
        with self._lock:
            return set(self._seen)

    def _start(self, place: Place) -> subprocess.Popen[str]:
        command = [*place.end.enter, sys.executable, "-I", PROGRAM, place.end.interface, self._run]
        command.append("both" if place.watches else "in")
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._lock:
                self._seen.add(Seen(name, *json.loads(line)))

    def _close_inputs(self) -> None:
        for process in self._processes.values():
            assert process.stdin is not None
            process.stdin.close()


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
