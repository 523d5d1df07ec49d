"""delete-bridge leaves the host as it was before."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.system.stack import BASE_IMAGE, DATABASE, DOCKER_HOST, ENGINE_LOG, INSTANCE, Stack, postgres, run
from tests.system.state import differences
from tests.system.state.facts import STATE


def host_state(stack: Stack) -> dict[str, list[str]]:
    """What of the instance could be left behind, without counters, ids that change by themselves, and the business of others."""
    links = run("ip", "-o", "link").splitlines()
    return {
        "interfaces": sorted(line.split(": ")[1].split("@")[0] for line in links if INSTANCE in line),
        "ovs": [line for line in run("ovs-vsctl", "show").splitlines() if INSTANCE in line],
        "containers": sorted(stack.docker("ps", "-a", "--format", "{{.Names}}").splitlines()),
        "networks": sorted(stack.docker("network", "ls", "--format", "{{.Name}}").splitlines()),
        "volumes": sorted(stack.docker("volume", "ls", "-q").splitlines()),
        "flows": sorted(re.sub(r"(cookie|duration|n_packets|n_bytes|idle_age)=[^ ,]*,? ?", "", flow) for flow in _flows()),
        "nftables": list(_rules()),
        "namespaces": sorted(line for line in run("ip", "netns", "list").splitlines() if INSTANCE in line),
        "state": sorted(str(path) for path in STATE.rglob("*")),
        "vlans": postgres("SELECT vlan FROM projects_project WHERE vlan IS NOT NULL ORDER BY vlan", DATABASE).split(),
    }


def _rules() -> Iterator[str]:
    """Our tables, and rules of others' tables that name us."""
    tables = [line for line in run("nft", "list", "tables").splitlines() if INSTANCE in line]
    ours = [line for table in tables for line in run("nft", "list", *table.split()).splitlines()]
    naming = [line for line in run("nft", "list", "ruleset").splitlines() if INSTANCE in line]
    for line in (*ours, *naming):
        yield re.sub(r"counter packets \d+ bytes \d+", "counter", line)


def _flows() -> list[str]:
    return run("ovs-ofctl", "-O", "OpenFlow14", "dump-flows", "nms-vtep").splitlines()[1:]


@pytest.fixture
def switch(stack: Stack) -> Iterator[None]:
    """A switch of the room with a tunnel, so that projects get a patch pair and flows."""
    stack.orm(
        "from apps.ports.models import Switch;"
        "Switch.objects.create(name='room', dpid='00000000000000a1', uplink_port=1, tunnel_address='198.18.4.1')"
    )
    stack.manage("bootstrap_datacenter")
    yield
    stack.orm("from apps.ports.models import Switch; Switch.objects.all().delete()")
    stack.manage("bootstrap_datacenter")


def test_a_network_has_its_tunnel_patch_and_flows(stack: Stack, project: int, switch: None) -> None:
    vlan = stack.post(f"/create-bridge/1/{project}/").body["vlan"]
    ports = run("ovs-vsctl", "list-ports", "nms-vtep").split()
    assert len([port for port in ports if port.endswith(f"-p{project}")]) == 1
    flows = [flow for flow in _flows() if f"{project:x}" in flow.split("cookie=")[1].split(",")[0]]
    assert len(flows) == 2
    assert any(f"tun_id={vlan:#x}" in flow and "actions=output" in flow for flow in flows)
    assert any(f"set_field:{vlan:#x}->tun_id" in flow for flow in flows)
    before = (_flows_without_counters(), ports)
    assert stack.post(f"/create-bridge/1/{project}/").status == 200
    assert (_flows_without_counters(), run("ovs-vsctl", "list-ports", "nms-vtep").split()) == before


def _flows_without_counters() -> list[str]:
    return sorted(run("ovs-ofctl", "--no-stats", "dump-flows", "nms-vtep").splitlines())


def test_delete_bridge_leaves_nothing_behind(stack: Stack, switch: None) -> None:
    before = host_state(stack)
    web = stack.new_container(3001, "web")
    stack.new_container(3001, "db")
    stack.inside(3001, "web", "touch", "/tmp/x")  # noqa: S108
    stack.post(f"/stop-container/1/{web['docker_id']}/")
    during = host_state(stack)
    assert {part for part in before if before[part] == during[part]} == {"namespaces", "nftables"}
    assert stack.post("/delete-bridge/1/3001/").body == {"success": True}
    assert host_state(stack) == before
    assert stack.get("/get-project-containers/1/3001/").body["containers"] == []


def test_without_the_driver_no_network_is_built_and_a_veth_pair_whose_leave_nobody_heard_goes_with_delete_bridge(
    stack: Stack,
) -> None:
    before = host_state(stack)
    stack.new_container(3005, "web")
    stack.control("stop", "driver")
    try:
        with ThreadPoolExecutor() as pool:  # the engine tries 15 s each to reach the driver
            kill = pool.submit(stack.docker, "kill", "nms-p3005.web")
            refused = stack.post("/create-bridge/1/3008/")
            kill.result()
    finally:
        stack.control("start", "driver")
    assert (refused.status, refused.body["success"], refused.body["code"]) == (500, False, "datacenter")
    assert "plugins/nms.sock" in refused.body["error"]
    assert [line for line in run("ip", "-o", "link").splitlines() if ": nms-h" in line]
    assert stack.post("/delete-bridge/1/3005/").status == 200
    assert host_state(stack) == before
    stack.new_container(3008, "web")
    assert stack.pings(3008, "web", "router")
    stack.delete_project(3008)


@pytest.fixture
def dead_plugin() -> Iterator[str]:
    """A socket of a Docker plugin of somebody else's that died: the engine waits 15 s for it whenever it asks all plugins."""
    path = "/run/docker/plugins/deadnms.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    yield path
    Path(path).unlink()


def test_no_call_waits_for_a_dead_plugin_of_somebody_else(stack: Stack, dead_plugin: str) -> None:
    before = ENGINE_LOG.stat().st_size
    stack.new_container(3006, "web")
    stack.delete_project(3006)
    assert dead_plugin not in ENGINE_LOG.read_text()[before:]


def test_delete_bridge_of_a_project_without_a_network_succeeds(stack: Stack) -> None:
    assert stack.post("/delete-bridge/1/3002/").body == {"success": True}


def test_delete_bridge_waits_for_what_leaves_the_network_just_now(stack: Stack) -> None:
    """Such as the container of a build that was cancelled, which on a busy machine the engine starts before it removes it."""
    stack.new_container(3007, "web")
    stack.docker("run", "-d", "--rm", "--network", f"{INSTANCE}-p3007", BASE_IMAGE, "sleep", "4")
    assert stack.post("/delete-bridge/1/3007/").body == {"success": True}
    assert differences(stack) == []


def test_others_things_are_left_alone(stack: Stack) -> None:
    """A container, a network and a bridge that are not ours survive delete-bridge, though they look like ours."""
    stack.new_container(3003, "web")
    stack.docker("run", "-d", "--name", "nms-p3003.other", "--network", "none", "nms-default:latest")
    run("ovs-vsctl", "add-br", "nms-p3004", "--", "set", "bridge", "nms-p3004", "datapath_type=netdev")
    try:
        taken = stack.post("/new-container/1/3003/", name="other")
        assert (taken.status, taken.body["code"]) == (500, "datacenter")
        assert "nms-p3003.other exists and is not ours" in taken.body["error"]
        assert "nms-p3003.other" in stack.docker("ps", "--format", "{{.Names}}").split()
        stack.delete_project(3003)
        assert stack.docker("ps", "--format", "{{.Names}}").split() == ["nms-p3003.other"]
        refused = stack.post("/create-bridge/1/3004/")
        assert (refused.status, refused.body["code"]) == (500, "datacenter")
        assert "nms-p3004" in refused.body["error"]
        assert "nms-p3004" in run("ovs-vsctl", "list-br").split()
    finally:
        run("docker", "-H", DOCKER_HOST, "rm", "-f", "nms-p3003.other")
        run("ovs-vsctl", "--if-exists", "del-br", "nms-p3004")
    assert stack.post("/create-bridge/1/3004/").status == 200
    stack.delete_project(3004)
