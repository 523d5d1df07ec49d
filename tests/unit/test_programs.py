"""The packages that the scripts of deploy/ install exist on each release, and hold the programs that they are installed for.

tests/unit/programs has what the packages of a release hold, as its record.sh found it there.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

RECORDS = Path(__file__).with_name("programs")
RELEASES = ("debian-12", "debian-13")
CALL = re.compile(r"^ *install_(?:packages|machine) ([a-z][a-z0-9.+ -]*)", re.MULTILINE)


def _record(release: str) -> dict[str, set[str]]:
    """Package → its programs, of a release."""
    lines = (RECORDS / release).read_text().splitlines()
    return {package: set(programs.split()) for package, _, programs in (line.partition(":") for line in lines)}


def _programs(distribution: str, version: str) -> list[tuple[str, str]]:
    """(package, program) of what a NetManager needs on a release, as deploy/lib/install.sh has it."""
    command = ["bash", "-c", '. deploy/lib/install.sh; programs "$@"', "bash", distribution, version]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [(package, program) for package, _, program in (line.partition(" ") for line in said.splitlines())]


@pytest.mark.parametrize("release", RELEASES)
def test_each_program_is_in_the_package_that_is_named_for_it(release: str) -> None:
    record = _record(release)
    needed = _programs(*release.split("-"))
    assert ("docker.io", "dockerd") in needed
    wrong = [(package, program) for package, program in needed if program not in {"-", *record.get(package, ())}]
    assert wrong == []
    assert {package for package, _ in needed} <= record.keys()


@pytest.mark.parametrize("release", RELEASES)
def test_packages_that_a_script_installs_by_name_exist(release: str) -> None:
    scripts = [*(ROOT / "deploy").glob("*.sh"), *(ROOT / "deploy/lib").glob("*.sh")]
    named = {package for script in scripts for call in CALL.findall(script.read_text()) for package in call.split()}
    assert {"systemd", "gcc", "slirp4netns"} <= named
    assert named <= _record(release).keys()


def test_the_client_of_the_engine_is_a_package_of_its_own_since_debian_13() -> None:
    assert ("docker.io", "docker") in _programs("debian", "12")
    assert ("docker.io", "docker") in _programs("ubuntu", "24.04")
    assert ("docker-cli", "docker") in _programs("debian", "13")
