"""Names of containers for a project's router: a directory with one hosts file per container (dnsmasq `hostsdir`)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from datacenter.errors import DatacenterError
from datacenter.names import project_domain


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatacenterError(f"The names of containers cannot be written: {error}.") from error


@dataclass(frozen=True)
class HostsDirectories:
    """The hosts directories of all projects, below the state directory of the instance."""

    state: Path

    def path(self, project_id: int) -> Path:
        return self.state / f"p{project_id}" / "hosts"

    def ensure(self, project_id: int) -> Path:
        """The project's directory, made if it is missing; it is mounted into the router."""
        path = self.path(project_id)
        with _translated():
            path.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, project_id: int, name: str, ip: IPv4Address | str) -> None:
        """Let the router answer for `name` and `name.p<id>.lab.internal`; dnsmasq notices the rename."""
        path = self.ensure(project_id) / name
        draft = path.with_name(f".{name}")
        with _translated():
            draft.write_text(f"{ip} {name}.{project_domain(project_id)} {name}\n")
            draft.replace(path)

    def remove(self, project_id: int, name: str) -> None:
        """Forget a name; a missing one is forgiven."""
        with _translated():
            (self.path(project_id) / name).unlink(missing_ok=True)

    def everything(self) -> dict[int, dict[str, str]]:
        """By project: the address of each name."""
        found: dict[int, dict[str, str]] = {}
        for file in self.state.glob("p*/hosts/[!.]*"):
            with suppress(FileNotFoundError):  # it went meanwhile
                project = file.parts[-3].removeprefix("p")
                if project.isdigit():
                    found.setdefault(int(project), {})[file.name] = file.read_text().partition(" ")[0]
        return found

    def delete(self, project_id: int) -> None:
        """Remove the project's directory; a missing one is forgiven."""
        shutil.rmtree(self.state / f"p{project_id}", ignore_errors=True)
