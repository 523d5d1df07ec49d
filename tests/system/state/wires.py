"""The database, the engine and Open vSwitch: bridges, ports, flows, veth pairs and sockets."""

import re
from collections.abc import Iterator

from datacenter.names import ENDPOINT_KEY, SWITCH_KEY
from datacenter.openflow import project_cookie
from tests.system.stack import run
from tests.system.state.facts import LAB, NAMES, noted_endpoints, rows
from tests.system.state.facts import veths as pairs
from tests.system.state.world import World, compare


def bridges(world: World) -> Iterator[str]:
    yield from compare("bridge", {NAMES.vtep, NAMES.routing, *map(NAMES.bridge, world.active)}, world.bridges.keys() - {LAB})
    leads = {ids[SWITCH_KEY] for ids in world.bridges.get(NAMES.vtep, {}).values() if SWITCH_KEY in ids}
    near = {NAMES.patch(project, int(switch)) for project in world.active for switch in leads}
    far = {NAMES.vtep_patch(project, int(switch)) for project in world.active for switch in leads}
    patches = re.compile(rf"{NAMES.instance}-(p\d+-s\d+|s\d+-p\d+)")
    there = {port for ports in world.bridges.values() for port in ports if patches.fullmatch(port)}
    yield from compare("patch port", near | far, there)


def endpoints(world: World) -> Iterator[str]:
    """Ports of containers and routers: each runs, and each that runs has its own, on its own bridge."""
    for name in sorted({NAMES.routing, *map(NAMES.bridge, world.active)} & world.bridges.keys()):
        told = {
            endpoint["EndpointID"][:12]
            for found in world.containers.values()
            if (endpoint := found["NetworkSettings"]["Networks"].get(name)) and endpoint["EndpointID"]
        }
        there = {ids[ENDPOINT_KEY][:12] for ids in world.bridges[name].values() if ENDPOINT_KEY in ids}
        yield from compare(f"port on {name} of endpoint", told, there)
    for bridge, endpoints in noted_endpoints().items():
        running = {
            endpoint["EndpointID"]
            for found in world.containers.values()
            for endpoint in found["NetworkSettings"]["Networks"].values()
        }
        for endpoint in endpoints:
            if endpoint not in running:
                yield f"{bridge} has a note of endpoint {endpoint[:12]}, which no container has"


def veths(world: World) -> Iterator[str]:
    ports = {port for ports in world.bridges.values() for port, ids in ports.items() if ENDPOINT_KEY in ids}
    return compare("veth pair", ports, pairs())


def flows(world: World) -> Iterator[str]:
    """On the VTEP bridge: two for each project and switch."""
    dumped = run("ovs-ofctl", "-O", "OpenFlow14", "--no-stats", "dump-flows", NAMES.vtep)
    cookies = [int(cookie, 16) for cookie in re.findall(r"cookie=(0x[0-9a-f]+), priority=100", dumped)]
    leads = len({ids[SWITCH_KEY] for ids in world.bridges.get(NAMES.vtep, {}).values() if SWITCH_KEY in ids})
    wanted = {project_cookie(project): 2 * leads for project in world.active}
    for cookie in sorted({*wanted, *cookies}):
        if cookies.count(cookie) != wanted.get(cookie, 0):
            yield f"there are {cookies.count(cookie)} flows of cookie {cookie:#x}, and should be {wanted.get(cookie, 0)}"


def sockets(world: World) -> Iterator[str]:
    """Each is where the database has it, and with a project that has a network."""
    for row in rows("SELECT s.*, p.vlan, p.status FROM ports_socket s LEFT JOIN projects_project p USING (project_id)"):
        if row["project_id"] is not None and row["status"] != "ACTIVE":
            yield f"socket {row['number']} belongs to project {row['project_id']}, which is {row['status']}"
        if row["enabled"] and row["applied_vlan"] != row["vlan"]:
            yield f"socket {row['number']} should have VLAN {row['vlan']}, and the switch says {row['applied_vlan']}"
