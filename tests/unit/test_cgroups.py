"""CPU time and memory as the kernel's files tell them, v1 and v2."""

from pathlib import Path
from typing import Protocol

import pytest

from datacenter.cgroups import Cgroup, Reading, cgroup_of, cpu_percent, locate
from datacenter.errors import DatacenterError

V1 = """\
31 23 0:28 / {root} rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / {root}/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / {root}/memory rw,relatime - cgroup cgroup rw,memory
34 31 0:38 / {root}/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2 = """\
31 23 0:27 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
32 31 0:28 / {root} rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
"""
CGROUPFS_V1 = (
    "9:name=systemd:/docker/abc\n4:memory:/docker/abc\n3:cpuset:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n"
)
SYSTEMD_V1 = CGROUPFS_V1.replace("/docker/abc", "/system.slice/docker-abc.scope")
CGROUPFS_V2 = "0::/docker/abc\n"
SYSTEMD_V2 = "0::/system.slice/docker-abc.scope\n"


class Make(Protocol):
    """Writes the files of a cgroup: 1.5 s of CPU, and 103 MB of which 3 are cache."""

    def __call__(self, tmp_path: Path, group: str, memory_stat: str = ...) -> None: ...


def written(directory: Path, **files: str) -> None:
    """Files of a cgroup; `__` stands for the dot of a name."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)


def v1(tmp_path: Path, group: str, memory_stat: str = "cache 4096\ninactive_file 7\ntotal_inactive_file 3000000\n") -> None:
    written(tmp_path / "cpu,cpuacct" / group, cpuacct__usage="1500000000\n")
    written(tmp_path / "memory" / group, memory__usage_in_bytes="103000000\n", memory__stat=memory_stat)


def v2(tmp_path: Path, group: str, memory_stat: str = "anon 100000000\nfile 4000000\ninactive_file 3000000\n") -> None:
    written(tmp_path / group, cpu__stat="usage_usec 1500000\nuser_usec 1\nsystem_usec 2\nnr_periods 0\n")
    written(tmp_path / group, memory__current="103000000\n", memory__stat=memory_stat)


@pytest.mark.parametrize(
    ("mounts", "membership", "make", "group"),
    [
        (V1, CGROUPFS_V1, v1, "docker/abc"),
        (V1, SYSTEMD_V1, v1, "system.slice/docker-abc.scope"),
        (V2, CGROUPFS_V2, v2, "docker/abc"),
        (V2, SYSTEMD_V2, v2, "system.slice/docker-abc.scope"),
    ],
)
def test_both_versions_and_both_drivers_of_docker_are_read(
    tmp_path: Path, mounts: str, membership: str, make: Make, group: str
) -> None:
    make(tmp_path, group)
    cgroup = locate(membership, mounts.format(root=tmp_path))
    assert (cgroup.cpu_seconds(), cgroup.memory_bytes()) == (1.5, 100_000_000)


def test_a_hierarchy_of_which_we_see_a_part_is_read_below_it(tmp_path: Path) -> None:
    v2(tmp_path, "docker/abc")
    mounts = V2.format(root=tmp_path).replace("0:28 / ", "0:28 /outer ")
    assert locate("0::/outer/docker/abc\n", mounts).cpu_seconds() == 1.5
    with pytest.raises(DatacenterError, match="holds /elsewhere/docker/abc"):
        locate("0::/elsewhere/docker/abc\n", mounts)


def test_controllers_may_have_hierarchies_of_their_own(tmp_path: Path) -> None:
    mounted = {"/a": "cpu", "/b": "cpuacct", "/c": "memory"}
    mounts = "".join(f"1 0 0:1 / {where} rw - cgroup none rw,{controller}\n" for where, controller in mounted.items())
    cgroup = locate("3:memory:/x\n2:cpuacct:/y\n1:cpu:/z\n", mounts)
    assert cgroup == Cgroup(Path("/b/y"), Path("/c/x"), unified=False)


@pytest.mark.parametrize("membership", ["", "0::/docker/abc\n", "2:cpuacct:/docker/abc\n"])
def test_a_host_without_that_hierarchy_is_told_as_that(membership: str) -> None:
    with pytest.raises(DatacenterError, match="No cgroup hierarchy"):
        locate(membership, "1 0 0:1 / /a rw - cgroup cgroup rw,cpuacct\n")


@pytest.mark.parametrize("make", [v1, v2])
def test_a_cache_larger_than_all_that_is_used_leaves_no_negative_memory(tmp_path: Path, make: Make) -> None:
    make(tmp_path, "abc", "inactive_file 999999999999\ntotal_inactive_file 999999999999\n")
    mounts, membership = (V1, CGROUPFS_V1) if make is v1 else (V2, CGROUPFS_V2)
    assert locate(membership.replace("docker/", ""), mounts.format(root=tmp_path)).memory_bytes() == 0


@pytest.mark.parametrize(("mounts", "membership"), [(V1, CGROUPFS_V1), (V2, CGROUPFS_V2)])
def test_a_cgroup_that_is_gone_raises_oserror(tmp_path: Path, mounts: str, membership: str) -> None:
    cgroup = locate(membership, mounts.format(root=tmp_path))
    with pytest.raises(OSError, match="No such file"):
        cgroup.cpu_seconds()
    with pytest.raises(OSError, match="No such file"):
        cgroup.memory_bytes()


def test_a_process_that_is_gone_has_no_cgroup() -> None:
    with pytest.raises(OSError, match="No such"):
        cgroup_of(2**22 + 1)  # no pid is larger than 2^22


@pytest.mark.parametrize(
    ("earlier", "percent"),
    [
        ([], 10.0),  # never read: since its start
        ([(99.5, 9.9)], 10.0),  # too young a reading
        ([(99.0, 9.5)], 50.0),
        ([(97.0, 9.4), (98.5, 9.4), (99.5, 9.9)], 40.0),  # the newest that is old enough
        ([(98.5, 9.4), (97.0, 9.4)], 40.0),  # in whatever order
        ([(98.0, 10.0)], 0.0),
        ([(98.0, 12.0)], 0.0),  # the kernel's counters are not exact
    ],
)
def test_cpu_is_averaged_over_the_last_second_or_a_little_more(earlier: list[tuple[float, float]], percent: float) -> None:
    readings = [Reading(*reading) for reading in earlier]
    assert cpu_percent(readings, Reading(100.0, 10.0), age=100.0) == pytest.approx(percent)


def test_what_was_read_before_a_restart_counts_no_more() -> None:
    assert cpu_percent([Reading(98.0, 0.1)], Reading(100.0, 0.5), age=0.5) == pytest.approx(100.0)


@pytest.mark.parametrize("age", [0.0, -3.0])
def test_a_clock_that_was_set_back_makes_no_nonsense(age: float) -> None:
    assert cpu_percent([Reading(98.0, 9.0)], Reading(100.0, 10.0), age) == 0.0
