"""One container as the Docker Engine knows it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from datacenter.engine.connection import Connection, translated


@dataclass(frozen=True)
class Inspected:
    """What the engine says of one container."""

    status: str  # Docker's word: created, running, paused, restarting, removing, exited, dead
    pid: int  # of its first process, on the host; 0 unless it runs
    started: datetime  # of its last start; year 1 if there was none
    memory: int  # its limit in bytes; 0: none

    @property
    def age(self) -> float:
        """Seconds since its last start."""
        return (datetime.now(UTC) - self.started).total_seconds()


class Inspection(Connection):
    """Looks at single containers."""

    def inspect(self, container: str) -> Inspected:
        """The container as it is now. Raises ContainerMissing."""
        with translated(f"Looking at container {container}"):
            found = self._api.inspect_container(container)
        state = found["State"]
        return Inspected(state["Status"], state["Pid"], datetime.fromisoformat(state["StartedAt"]), found["HostConfig"]["Memory"])
