"""Programs that a benchmark starts, and ends by their pids."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.errors import LabError
from lab.shell import wait_until

LOGS = Path(os.environ["NETMANAGER_VAR"], "log")
START, END = 30, 10  # seconds


class Process:
    """A program that listens on a TCP port of its own; its output goes to a log."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], port: int) -> None:
        self.port = port
        self._name, self._command, self._environment = name, command, os.environ | environment
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return LOGS / f"bench-{self._name}.log"

    def start(self) -> None:
        """Return once it listens."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        wait_until(self._listens, f"{self._name} does not listen on port {self.port}; see {self.log}.", START)

    def signal(self, number: signal.Signals) -> None:
        assert self._running
        self._running.send_signal(number)

    def kill(self) -> None:
        """End it by SIGKILL, if it runs."""
        if self._running:
            self._running.kill()
            self._running.wait(END)
            self._running = None

    def _listens(self) -> bool:
        assert self._running
        if self._running.poll() is not None:
            raise LabError(f"{self._name} ended; see {self.log}.")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
