"""The systemd units of deploy/systemd, with their drop-ins, as systemd reads them."""

from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

UNITS = ROOT / "deploy" / "systemd"
HOME = "/opt/netmanager"  # where the units expect the code


@dataclass(frozen=True)
class Unit:
    """What stands in a unit file (`own`) and, behind that, in its drop-ins: key → its lines."""

    own: dict[str, list[str]]
    all: dict[str, list[str]]

    def one(self, key: str) -> str:
        """The line of a setting that has a single value: the last one; empty if there is none."""
        return self.all.get(key, [""])[-1]

    def words(self, key: str) -> set[str]:
        """The words of a setting that is a list, of all its lines."""
        return {word for line in self.all.get(key, []) for word in line.split()}


def unit(name: str) -> Unit:
    """A unit of ours by its full name, or, of one that is not, what our drop-in adds."""
    own = _lines([UNITS / name])
    drop_ins = [UNITS / f"{name}.d", *([UNITS / "netmanager-.service.d"] if name.startswith("netmanager-") else [])]
    return Unit(own, _lines([UNITS / name, *(file for folder in drop_ins for file in sorted(folder.glob("*.conf")))]))


def services() -> set[str]:
    """What our services are called: `web` for netmanager-web.service."""
    return {file.stem.removeprefix("netmanager-") for file in UNITS.glob("netmanager-*.service")}


def service(name: str) -> Unit:
    return unit(f"netmanager-{name}.service")


def _lines(files: list[Path]) -> dict[str, list[str]]:
    settings: dict[str, list[str]] = {}
    for file in files:
        for line in file.read_text().splitlines() if file.exists() else ():
            if line and line[0] not in "#;[":
                key, _, value = line.partition("=")
                settings.setdefault(key, []).append(value)
    return settings
