"""CPU time and memory of a container, from the files of its cgroup, v1 or v2, as `docker stats` counts them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datacenter.errors import DatacenterError

SPAN = 1.0  # seconds that an average is over, at least
UNIFIED = ""  # v2 names no controllers in /proc/<pid>/cgroup (cgroups(7))


@dataclass(frozen=True)
class Reading:
    at: float  # seconds of a steady clock
    cpu: float  # seconds of CPU time since the cgroup was made


@dataclass(frozen=True)
class Cgroup:
    """The directories that tell of a container: of two hierarchies in v1, in v2 twice the same."""

    cpu: Path
    memory: Path
    unified: bool  # v2

    def cpu_seconds(self) -> float:
        """CPU time of all its processes since it was made; OSError once it is gone."""
        if self.unified:
            return _stat(self.cpu / "cpu.stat")["usage_usec"] / 1e6
        return int((self.cpu / "cpuacct.usage").read_text()) / 1e9

    def memory_bytes(self) -> int:
        """Memory in use less the page cache that the kernel would drop first (docker/cli, calculateMemUsageUnixNoCache)."""
        used, cache = ("memory.current", "inactive_file") if self.unified else ("memory.usage_in_bytes", "total_inactive_file")
        return max(0, int((self.memory / used).read_text()) - _stat(self.memory / "memory.stat")[cache])


def cgroup_of(pid: int) -> Cgroup:
    """The cgroup of a process of this host; OSError if there is no such process."""
    return locate(Path(f"/proc/{pid}/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())


def locate(membership: str, mountinfo: str) -> Cgroup:
    """From a process's /proc/<pid>/cgroup and our /proc/self/mountinfo; v1 where both exist, for then v2 has no controllers."""
    fields = [line.split(":", 2) for line in membership.splitlines()]
    paths = {controller: path for _, controllers, path in fields for controller in controllers.split(",")}
    if "cpuacct" in paths:
        return Cgroup(_directory("cpuacct", paths, mountinfo), _directory("memory", paths, mountinfo), unified=False)
    directory = _directory(UNIFIED, paths, mountinfo)
    return Cgroup(directory, directory, unified=True)


def cpu_percent(earlier: Iterable[Reading], now: Reading, age: float) -> float:
    """CPU of a container that runs for `age` seconds, in percent of one core: since the newest reading that is SPAN old.

    Without such a reading since its start: since its start.
    """
    since = max((one for one in earlier if SPAN <= now.at - one.at <= age), key=lambda one: one.at, default=None)
    seconds, cpu = (now.at - since.at, now.cpu - since.cpu) if since else (age, now.cpu)
    return max(0.0, 100 * cpu / seconds) if seconds > 0 else 0.0


def _directory(controller: str, paths: dict[str, str], mountinfo: str) -> Path:
    path = PurePosixPath(paths.get(controller, ""))
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root, mounted = before.split()[3:5]
        kind, _, options = after.split()[:3]
        holds = controller in options.split(",") if kind == "cgroup" else kind == "cgroup2" and controller == UNIFIED
        if holds and path.is_relative_to(root):
            return Path(mounted, path.relative_to(root))
    raise DatacenterError(f"No cgroup hierarchy with {controller or 'version 2'} is mounted here that holds {path}.")


def _stat(file: Path) -> dict[str, int]:
    """A file of lines `key number`."""
    return {key: int(number) for key, number in map(str.split, file.read_text().splitlines())}
