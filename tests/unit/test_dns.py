"""The hosts directories that routers answer names from."""

from pathlib import Path

import pytest

from datacenter.dns import HostsDirectories
from datacenter.errors import DatacenterError


@pytest.fixture
def hosts(tmp_path: Path) -> HostsDirectories:
    return HostsDirectories(tmp_path / "state")


def test_a_name_becomes_one_hosts_file_and_nothing_else(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    assert [path.name for path in hosts.path(7).iterdir()] == ["web"]
    assert (hosts.path(7) / "web").read_text() == "10.64.2.128 web.p7.lab.internal web\n"


def test_adding_twice_keeps_the_last_address(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    hosts.add(7, "web", "10.64.2.129")
    assert [path.read_text().split()[0] for path in hosts.path(7).iterdir()] == ["10.64.2.129"]


def test_a_reader_that_has_the_old_file_open_never_sees_half_of_the_new_one(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    with (hosts.path(7) / "web").open() as old:
        hosts.add(7, "web", "10.64.2.129")
        assert old.read() == "10.64.2.128 web.p7.lab.internal web\n"


def test_projects_can_use_the_same_name(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    hosts.add(8, "web", "10.64.3.128")
    hosts.remove(8, "web")
    assert (hosts.path(7) / "web").exists()
    assert not (hosts.path(8) / "web").exists()


def test_removing_what_is_not_there_is_forgiven(hosts: HostsDirectories) -> None:
    hosts.remove(7, "web")
    hosts.delete(7)
    hosts.ensure(7)
    hosts.remove(7, "web")


def test_ensuring_twice_keeps_what_is_there(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    assert hosts.ensure(7) == hosts.ensure(7) == hosts.path(7)
    assert (hosts.path(7) / "web").exists()


def test_deleting_leaves_nothing_of_the_project_and_everything_of_others(hosts: HostsDirectories) -> None:
    hosts.add(7, "web", "10.64.2.128")
    hosts.add(77, "web", "10.64.3.128")
    hosts.delete(7)
    hosts.delete(7)
    assert [path.name for path in hosts.state.iterdir()] == ["p77"]


def test_a_state_directory_that_cannot_be_is_told_as_the_hosts_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatacenterError, match="Not a directory"):
        HostsDirectories(tmp_path / "file").add(7, "web", "10.64.2.128")
