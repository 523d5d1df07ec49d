"""`manage.py reconcile --watch`, under supervisord: it puts right by itself what is done behind its back."""

import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.repairs import reconciling
from tests.system.repairs.harm import HARM, harm
from tests.system.repairs.reconciling import METRICS, dry_run, metric
from tests.system.stack import VAR, Stack
from tests.system.state import differences
from tests.system.state.facts import rows

PROJECT = 1851
REPAIRS = f"SELECT log FROM operations_operation WHERE kind = 'repair' AND project_id IN (0, {PROJECT}) ORDER BY created"


@pytest.fixture(scope="module")
def healing(lab: Lab) -> Iterator[Stack]:
    """The stack with its reconciler."""
    with reconciling.healing(lab.stack):
        yield lab.stack


@pytest.fixture(scope="module")
def standing(lab: Lab, healing: Stack) -> Iterator[dict[str, Any]]:
    """A project with a container that runs, one that is stopped, and a laptop."""
    web, idle = healing.new_container(PROJECT, "web"), healing.new_container(PROJECT, "idle")
    assert healing.post(f"/stop-container/1/{idle['docker_id']}/").status == 200
    lab.join(2, PROJECT)
    yield web
    healing.delete_project(PROJECT)


AT_ONCE = (
    ("the project's bridge",),
    ("a patch port", "a container's port", "a stopped container", "the id of the router"),
    ("all flows of the VTEP bridge", "the router", "a container", "a dead port"),
    ("an MTU", "a socket", "the firewall"),
    ("rules of the router", "a name"),
)


@pytest.mark.parametrize("harms", AT_ONCE, ids=", ".join)
def test_what_is_broken_is_whole_again_and_it_says_so(
    lab: Lab, healing: Stack, standing: dict[str, Any], harms: tuple[str, ...]
) -> None:
    wait_until(lambda: dry_run(healing) == [], "the control: nothing differs")
    before = len(rows(REPAIRS))
    for what in harms:
        harm(PROJECT, HARM[what][0], f"{standing['ip']}/24")
    wait_until(lambda: len(rows(REPAIRS)) > before, "it has noticed")
    wait_until(lambda: dry_run(healing) == [] and not differences(healing), "nothing differs any more")
    assert [row["log"] for row in rows(REPAIRS)[before:] if "repaired" in row["log"]]
    assert healing.pings(PROJECT, "web", "router")
    assert lab.pings(2, standing["ip"])


def test_its_metrics_tell_what_was_put_right_and_what_could_not_be(healing: Stack, standing: dict[str, Any]) -> None:
    wait_until(lambda: dry_run(healing) == [] and metric("drift") == 0, "the control: nothing differs")
    containers, names = (metric(f'repairs_total{{part="{part}"}}') for part in ("container", "name"))
    harm(PROJECT, HARM["a stopped container"][0], "")
    wait_until(lambda: metric('repairs_total{part="container"}') == containers + 1, "its repair is counted")
    failed = metric("repairs_failed_total")
    anothers = "ovs-vsctl del-br $bridge -- add-br $bridge -- set bridge $bridge datapath_type=netdev"
    harm(PROJECT, f"{anothers}; {HARM['a name'][0]}", "")
    wait_until(lambda: metric("repairs_failed_total") > failed, "another's bridge is in its way")
    wait_until(lambda: metric('repairs_total{part="name"}') == names + 1, "the name was put right all the same")
    assert metric("drift") > 0
    harm(PROJECT, "ovs-vsctl del-br $bridge", "")
    wait_until(lambda: dry_run(healing) == [] and metric("drift") == 0, "nothing differs any more")
    assert metric('repairs_total{part="container"}') == containers + 1


def test_it_heals_also_where_its_metrics_cannot_be_served(healing: Stack, standing: dict[str, Any]) -> None:
    log = VAR / "log" / "reconciler.log"
    healing.control("stop", "reconciler")
    told = log.stat().st_size
    host, _, port = METRICS.rpartition(":")
    try:
        with socket.create_server((host, int(port))):
            healing.control("start", "reconciler")
            harm(PROJECT, HARM["a stopped container"][0], "")
            wait_until(lambda: dry_run(healing) == [], "the container runs again")
        assert f"cannot listen on NETMANAGER_RECONCILER_METRICS_LISTEN={METRICS}" in log.read_text()[told:]
    finally:
        healing.control("restart", "reconciler")


def test_it_is_started_again_when_it_is_killed(healing: Stack, standing: dict[str, Any]) -> None:
    pid = int(healing.control("pid", "reconciler"))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: int(healing.control("pid", "reconciler")) not in (0, pid), "there is another")
    harm(PROJECT, HARM["a stopped container"][0], "")
    wait_until(lambda: dry_run(healing) == [], "the container runs again")


def test_it_needs_neither_workers_nor_broker(healing: Stack, standing: dict[str, Any]) -> None:
    for program in ("datacenter", "builds", "beat"):
        healing.control("stop", program)
    try:
        harm(PROJECT, HARM["the router"][0], "")
        wait_until(lambda: dry_run(healing) == [], "the router is back")
    finally:
        healing.control("start", "all")


def test_what_is_changed_by_the_api_is_no_repair(healing: Stack, standing: dict[str, Any], project: int) -> None:
    wait_until(lambda: dry_run(healing) == [], "the control: nothing differs")
    for _ in range(3):
        made = healing.new_container(project, "db")
        for change in ("stop", "start", "restart", "remove"):
            assert healing.post(f"/{change}-container/1/{made['docker_id']}/").status == 200
    healing.delete_project(project)
    repaired = rows(f"SELECT log FROM operations_operation WHERE kind = 'repair' AND project_id = {project}")
    assert [row["log"] for row in repaired if row["log"]] == []
