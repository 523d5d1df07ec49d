"""What systemd's own tools say of the units."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.units import HOME, UNITS, services

EXPOSURE = "30"  # tenths, of the 100 that systemd-analyze can find; root with two capabilities has 25 here
HOST_UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
NEIGHBOURS = ("docker.service", "openvswitch-switch.service")
STAND_IN = "[Service]\nType=oneshot\nExecStart=/bin/true\n"  # for one that is not installed as a unit here

Analyze = subprocess.CompletedProcess[str]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they are where this folder is the place of the code."""
    shutil.copytree(UNITS, tmp_path / "units")
    for file in (tmp_path / "units").rglob("*.*"):
        if file.is_file():
            file.write_text(file.read_text().replace(HOME, str(ROOT)))
    (tmp_path / "neighbours").mkdir()
    for name in NEIGHBOURS:
        (tmp_path / "neighbours" / name).write_text(STAND_IN)
    return tmp_path / "units"


def analyze(units: Path, *arguments: str) -> Analyze:
    path = os.pathsep.join([str(units), *HOST_UNITS, str(units.parent / "neighbours")])
    environment = os.environ | {"SYSTEMD_UNIT_PATH": path, "SYSTEMD_COLORS": "0"}
    return subprocess.run(
        ["systemd-analyze", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def complaints(units: Path) -> list[str]:
    """What `systemd-analyze verify` says of ours, of a cycle among them and of what the engine's drop-in says."""
    names = [f"netmanager-{name}.service" for name in sorted(services())] + ["netmanager.target", "docker.service"]
    verified = analyze(units, "verify", "--man=no", *names)
    said = [line for line in verified.stderr.splitlines() if "netmanager" in line]
    return said or ([verified.stderr] if verified.returncode else [])


def test_systemd_finds_nothing_to_complain_of(units: Path) -> None:
    assert complaints(units) == []


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("netmanager-web.service", "Restart=sometimes"),
        ("netmanager-web.service", f"ExecStart={sys.executable}-that-is-not-there"),
        ("netmanager-.service.d/common.conf", "PrivateTemp=yes"),
        ("docker.service.d/netmanager.conf", "[Unit]\nBefore=netmanager-driver.service"),
    ],
)
def test_it_would_complain(units: Path, unit: str, line: str) -> None:
    with (units / unit).open("a") as file:
        file.write(f"{line}\n")
    assert complaints(units)


@pytest.mark.parametrize("name", sorted(services()))
def test_a_service_is_exposed_no_more_than_it_must_be(units: Path, name: str) -> None:
    judged = analyze(units, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", f"netmanager-{name}.service")
    assert judged.returncode == 0, judged.stdout
    assert "Overall exposure level" in judged.stdout
