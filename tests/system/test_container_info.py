"""GET /get-container-info/ beside `docker stats`."""

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conditions import wait_until
from tests.system.stack import Stack

PROJECT = 7001
POINTS = 5.0  # that both may differ by
SAMPLES = 5
MIB = 1024 * 1024
LIMIT = 512 * MIB  # of a container, by default
BUSY = ("sh", "-c", "echo $$ >/tmp/busy; while :; do :; done")
ALLOCATES = "import signal; block = bytearray(b'x') * (100 << 20); signal.pause()"


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[str]:
    """docker_id of a container, and its project's end."""
    yield stack.new_container(PROJECT, "web")["docker_id"]
    stack.delete_project(PROJECT)


@pytest.fixture(autouse=True)
def quiet(stack: Stack, web: str) -> None:
    """Whatever the last test did, the container runs and does nothing."""
    assert stack.post(f"/restart-container/1/{web}/").status == 200


def info(stack: Stack, docker_id: str) -> dict[str, Any]:
    answer = stack.get(f"/get-container-info/1/{docker_id}/")
    assert answer.status == 200, answer
    assert (set(answer.body), answer.body["success"]) == ({"success", "stats"}, True)
    stats: dict[str, Any] = answer.body["stats"]
    return stats


def docker_stats(stack: Stack, docker_id: str) -> tuple[float, float]:
    """CPU and memory in percent, as Docker's own command tells them."""
    told = stack.docker("stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemPerc}}", docker_id)
    cpu, memory = (float(word.rstrip("%")) for word in told.split())
    return cpu, memory


def beside_docker(stack: Stack, docker_id: str, key: str, column: int, at_once: int = 1) -> tuple[float, float]:
    """Medians of what we tell and what `docker stats` tells, asked in turn, so many pairs at once: it takes 2 s."""
    with ThreadPoolExecutor(at_once) as pool:
        pairs = list(
            pool.map(lambda _: (docker_stats(stack, docker_id)[column], float(info(stack, docker_id)[key])), range(SAMPLES))
        )
    theirs, ours = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"{key}: docker stats {theirs}, ours {ours}, of {pairs}")
    return ours, theirs


def test_a_container_at_rest(stack: Stack, web: str) -> None:
    wait_until(lambda: info(stack, web)["cpu"] < POINTS, "it does nothing")
    stats = info(stack, web)
    listed = stack.get(f"/get-project-containers/1/{PROJECT}/").body["containers"][0]
    assert set(stats) == {"id", "docker_id", "container_name", "ip", "status", "cpu", "mem_used", "mem_limit", "mem_perc"}
    assert {key: stats[key] for key in ("docker_id", "container_name", "ip", "status")} == {
        key: listed[key] for key in ("docker_id", "container_name", "ip", "status")
    }
    row = stack.orm(f"from apps.containers.models import Container; print(Container.objects.get(docker_id='{web}').pk)")
    assert stats["id"] == int(row)
    assert (type(stats["cpu"]), type(stats["mem_perc"])) == (float, float)
    assert (stats["status"], stats["mem_limit"]) == ("running", LIMIT)
    assert 0 < stats["mem_used"] < 50 * MIB
    assert stats["mem_perc"] == round(100 * stats["mem_used"] / LIMIT, 2)


def test_a_busy_loop_in_half_a_core_is_told_as_docker_tells_it(stack: Stack, web: str) -> None:
    stack.docker("update", "--cpus", "0.5", web)
    try:
        stack.docker("exec", "-d", web, *BUSY)
        wait_until(lambda: info(stack, web)["cpu"] > 30, "the busy loop is seen", 20)
        ours, theirs = beside_docker(stack, web, "cpu", 0)
        assert abs(ours - theirs) <= POINTS
        assert ours <= 50 + POINTS
        assert stack.inside(PROJECT, "web", "sh", "-c", "kill $(cat /tmp/busy)").returncode == 0
        wait_until(lambda: info(stack, web)["cpu"] < POINTS, "the busy loop has ended", 20)
    finally:
        stack.docker("update", "--cpus", "1.0", web)


def test_every_process_of_the_web_server_sees_it(stack: Stack, web: str) -> None:
    """Requests go to either; none must answer from readings of its own alone."""
    stack.docker("exec", "-d", web, *BUSY)
    wait_until(lambda: all(info(stack, web)["cpu"] > 30 for _ in range(20)), "all of 20 answers in a row see the busy loop")


def test_100_mb_are_seen_and_told_as_docker_tells_them(stack: Stack, web: str) -> None:
    before = info(stack, web)["mem_used"]
    stack.docker("exec", "-d", web, "python3", "-c", ALLOCATES)
    wait_until(lambda: info(stack, web)["mem_used"] - before >= 100 * MIB, "100 MB are allocated")
    assert info(stack, web)["mem_used"] - before < 120 * MIB
    ours, theirs = beside_docker(stack, web, "mem_perc", 1, SAMPLES)
    assert abs(ours - theirs) <= POINTS


def test_files_that_were_read_are_counted_as_docker_counts_them(stack: Stack, web: str) -> None:
    fill = "head -c 200M /dev/zero >/root/file; cat /root/file >/dev/null"
    assert stack.inside(PROJECT, "web", "sh", "-c", fill).returncode == 0
    ours, theirs = beside_docker(stack, web, "mem_perc", 1, SAMPLES)
    assert stack.inside(PROJECT, "web", "rm", "/root/file").returncode == 0
    assert abs(ours - theirs) <= POINTS


def test_a_stopped_container_uses_nothing_and_keeps_its_limit(stack: Stack, web: str) -> None:
    assert stack.post(f"/stop-container/1/{web}/").status == 200
    stats = info(stack, web)
    assert (stats["status"], stats["mem_limit"]) == ("exited", LIMIT)
    assert [stats[key] for key in ("cpu", "mem_used", "mem_perc")] == [0, 0, 0]
    assert stack.post(f"/start-container/1/{web}/").status == 200
    assert info(stack, web)["status"] == "running"
    assert info(stack, web)["mem_used"] > 0


def test_a_restarted_container_is_not_told_by_what_it_was(stack: Stack, web: str) -> None:
    stack.docker("exec", "-d", web, *BUSY)
    wait_until(lambda: info(stack, web)["cpu"] > 30, "the busy loop is seen")
    assert stack.post(f"/restart-container/1/{web}/").status == 200
    wait_until(lambda: info(stack, web)["cpu"] < POINTS, "the new start does nothing")
    stack.docker("exec", "-d", web, *BUSY)
    wait_until(lambda: info(stack, web)["cpu"] > 30, "the busy loop of the new start is seen")


def test_a_paused_container_keeps_its_memory(stack: Stack, web: str) -> None:
    stack.docker("pause", web)
    try:
        wait_until(lambda: info(stack, web)["cpu"] == 0, "it stands still")
        stats = info(stack, web)
        assert stats["status"] == "paused"
        assert stats["mem_used"] > 0
    finally:
        stack.docker("unpause", web)


def test_a_container_that_the_engine_lost_is_missing(stack: Stack, project: int) -> None:
    lost = stack.new_container(project, "lost")["docker_id"]
    stack.docker("rm", "-f", lost)
    stats = info(stack, lost)
    assert stats["status"] == "missing"
    assert [stats[key] for key in ("cpu", "mem_used", "mem_limit", "mem_perc")] == [0, 0, 0, 0]


def test_a_container_that_nobody_asked_about_is_told_by_its_last_seconds(stack: Stack, web: str, project: int) -> None:
    """Not by its whole life: what is asked first is what it does now."""
    other = stack.new_container(project, "other")["docker_id"]
    for docker_id, seconds in ((other, 4), (web, 8)):  # so the other's last seconds are at rest when the first one's are
        busy = f"end=$(($(date +%s) + {seconds})); while [ $(date +%s) -lt $end ]; do :; done"
        stack.docker("exec", "-d", docker_id, "sh", "-c", busy)
    processes = ("ps", "-e", "-o", "args")
    wait_until(lambda: "date" in stack.inside(project, "other", *processes).stdout, "its busy time has begun")
    wait_until(lambda: "date" not in stack.inside(project, "other", *processes).stdout, "its busy time is over")
    wait_until(lambda: info(stack, web)["cpu"] < POINTS, "the one that was asked about is at rest")
    assert info(stack, other)["cpu"] < POINTS
