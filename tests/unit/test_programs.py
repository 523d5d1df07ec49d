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


def _pairs(lines: str) -> set[tuple[str, str]]:
    """(package, program) of each line; the program is - where only the package matters."""
    return {(package, program) for package, _, program in (line.partition(" ") for line in lines.splitlines())}


def _record(release: str) -> set[tuple[str, str]]:
    return _pairs((RECORDS / release).read_text())


def _needed(release: str) -> set[tuple[str, str]]:
    """What a NetManager needs on a release, as deploy/lib/install.sh has it."""
    command = ["bash", "-c", '. deploy/lib/install.sh; programs "$@"', "bash", *release.split("-")]
    return _pairs(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("release", RELEASES)
def test_each_package_exists_and_holds_the_program_that_it_is_named_for(release: str) -> None:
    needed = _needed(release)
    assert ("docker.io", "dockerd") in needed
    assert needed - _record(release) == set(), "run record.sh for this release"


@pytest.mark.parametrize("release", RELEASES)
def test_packages_that_a_script_installs_by_name_exist(release: str) -> None:
    scripts = [*(ROOT / "deploy").glob("*.sh"), *(ROOT / "deploy/lib").glob("*.sh")]
    named = {package for script in scripts for call in CALL.findall(script.read_text()) for package in call.split()}
    assert {"systemd", "gcc", "slirp4netns"} <= named
    assert named - {package for package, _ in _record(release)} == set(), "run record.sh for this release"


def test_the_client_of_the_engine_is_a_package_of_its_own_since_debian_13() -> None:
    assert ("docker.io", "docker") in _needed("debian-12")
    assert ("docker.io", "docker") in _needed("ubuntu-24.04")
    assert ("docker-cli", "docker") in _needed("debian-13")
