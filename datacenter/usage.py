"""How much CPU and memory the containers of an instance use."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from datacenter.cgroups import Cgroup, Reading, cgroup_of, cpu_percent
from datacenter.engine import Engine, Inspected
from datacenter.errors import ContainerMissing

log = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between readings; an average is over SPAN and this at most
KEPT = 3  # readings of a container: they reach back over SPAN with one to spare
SEARCH = 5.0  # seconds between searches for containers that were started; younger ones are averaged since their start


@dataclass(frozen=True)
class Usage:
    """Of a container, all zero unless it runs; but for its limit, which it keeps."""

    status: str  # Docker's word, or `missing`
    cpu: float = 0.0  # percent of one core
    memory: int = 0  # bytes
    memory_limit: int = 0  # bytes

    @property
    def memory_percent(self) -> float:
        return 100 * self.memory / self.memory_limit if self.memory_limit else 0.0


class Watched:
    """A container's cgroup and what was read there."""

    def __init__(self, cgroup: Cgroup) -> None:
        self.cgroup = cgroup
        self.readings: deque[Reading] = deque(maxlen=KEPT)

    def read(self) -> Reading:
        """CPU time until now. OSError if the container has ended."""
        return Reading(time.monotonic(), self.cgroup.cpu_seconds())


class UsageMeter:
    """A thread reads the CPU time of all running containers with the labels all the time, so that no question waits for it."""

    def __init__(self, engine: Engine, labels: Mapping[str, str]) -> None:
        self._engine = engine
        self._labels = labels
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._thread: threading.Thread | None = None
        self._next_search = 0.0

    def start(self) -> None:
        """Have the thread run, if it does not."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # a fork leaves it behind
                self._thread = threading.Thread(target=self._run, name="usage-meter", daemon=True)
                self._thread.start()

    def usage(self, docker_id: str) -> Usage:
        """What the container uses now; its CPU on average over the last one to two seconds."""
        self.start()
        try:
            inspected = self._engine.inspect(docker_id)
        except ContainerMissing:
            return Usage("missing")
        limit = inspected.memory or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        try:
            return self._measured(docker_id, inspected, limit) if inspected.pid else Usage(inspected.status, memory_limit=limit)
        except OSError:  # it has ended since
            return Usage(inspected.status, memory_limit=limit)

    def _measured(self, docker_id: str, inspected: Inspected, limit: int) -> Usage:
        with self._lock:
            known = self._watched.get(docker_id)
        watched = known or self._watch(docker_id, inspected.pid)
        now = watched.read()
        cpu = cpu_percent(tuple(watched.readings), now, inspected.age)
        return Usage(inspected.status, cpu, watched.cgroup.memory_bytes(), limit)

    def _watch(self, docker_id: str, pid: int) -> Watched:
        watched = Watched(cgroup_of(pid))
        with self._lock:
            return self._watched.setdefault(docker_id, watched)

    def _run(self) -> None:
        while True:
            try:
                self._read_all()
                self._search()
            except Exception as error:  # without this thread every average is since the container's start
                log.warning("CPU of new containers is not read: %s", error)
            time.sleep(INTERVAL)

    def _read_all(self) -> None:
        with self._lock:
            watched = dict(self._watched)
        for docker_id, one in watched.items():
            try:
                one.readings.append(one.read())
            except OSError:
                with self._lock:
                    self._watched.pop(docker_id, None)

    def _search(self) -> None:
        """Watch the containers that run and are not watched."""
        if time.monotonic() < self._next_search:
            return
        self._next_search = time.monotonic() + SEARCH
        for container in self._engine.containers(self._labels):
            if container.status != "running" or container.docker_id in self._watched:
                continue
            try:
                self._watch(container.docker_id, self._engine.inspect(container.docker_id).pid)
            except (ContainerMissing, OSError):
                log.debug("%s has ended", container.docker_id)
