"""What differs of all that projects have in common, and of projects that have no network; pure."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from apps.repairs.drift import HOST, Drift, Part
from apps.repairs.expected import Expected
from datacenter import openflow
from datacenter.addressing import Plan
from datacenter.names import ENDPOINT_KEY, NETWORK_KEY, PROJECT_KEY, SWITCH_KEY, UPLINK_KEY, Names
from datacenter.survey import Survey

_amiss = partial(Drift, HOST, Part.HOST)


def leads(names: Names, found: Survey) -> dict[str, Mapping[str, str]]:
    """external_ids of the VTEP bridge's ports that lead to switches, by name."""
    ports = found.ports.get(names.vtep, {})
    return {name: ids for name, ids in ports.items() if SWITCH_KEY in ids and PROJECT_KEY not in ids}


def host_drifts(names: Names, plan: Plan, expected: Expected, found: Survey) -> Iterator[Drift]:
    """Of bridges, ports to switches, firewall, stray interfaces, sockets, and what is left of projects and builds."""
    yield from _bridges(names, plan, found)
    yield from _switch_ports(names, expected, found)
    yield from (_amiss("firewall", sentence) for sentence in found.firewall)
    yield from _links(names, found)
    yield from _sockets(expected)
    yield from _leftovers(names, expected, found)
    yield from _steps(names, found)


def _bridges(names: Names, plan: Plan, found: Survey) -> Iterator[Drift]:
    for name in (names.vtep, names.routing):
        if name not in found.bridges:
            yield _amiss(name, "the bridge is missing")
    network, routing = found.networks.get(names.routing), found.bridges.get(names.routing)
    if network is None:
        yield _amiss(names.routing, "the Docker network is missing")
    elif routing and routing.external_ids.get(NETWORK_KEY) != network:
        yield _amiss(names.routing, "the bridge does not know its Docker network")
    yield from _flows(names, plan, found)


def _flows(names: Names, plan: Plan, found: Survey) -> Iterator[Drift]:
    if names.vtep in found.flows and not set(map(openflow.normal, openflow.STANDING)) <= found.flows[names.vtep]:
        yield _amiss(names.vtep, "flows that stand ahead of all projects' are missing")
    uplink = next((found.ofports[port] for port, ids in found.ports.get(names.routing, {}).items() if UPLINK_KEY in ids), None)
    wanted = frozenset(map(openflow.normal, openflow.routing_flows(plan.public, uplink)))
    if names.routing in found.flows and wanted != found.flows[names.routing]:
        yield _amiss(names.routing, "its flows are not there, or are others")


def _switch_ports(names: Names, expected: Expected, found: Survey) -> Iterator[Drift]:
    there = leads(names, found)
    for port in sorted(expected.leads.keys() | there.keys()):
        if port not in expected.leads:
            yield _amiss(port, "it leads to no switch")
        elif there.get(port) != expected.leads[port]:
            yield _amiss(port, "the switch's port is missing, or is another")


def _links(names: Names, found: Survey) -> Iterator[Drift]:
    """Both ends of a pair are at the host while a container starts, whose connection the engine does not tell yet."""
    plugged = {port: ids.get(ENDPOINT_KEY) for ports in found.ports.values() for port, ids in ports.items()}
    endpoints = found.endpoints.union(filter(None, plugged.values()))  # the engine also knows those whose port was lost
    belonging = plugged.keys() | {end for endpoint in endpoints for end in names.veth(endpoint)}
    veth = re.compile(rf"{re.escape(names.instance)}-[hc][0-9a-f]{{9}}")
    for link in found.links:
        if veth.fullmatch(link) and link not in belonging:
            yield Drift(HOST, Part.LINK, link, "it belongs to no container")


def _sockets(expected: Expected) -> Iterator[Drift]:
    for socket in expected.sockets:
        if socket.applied != socket.vlan:
            why = f"its switch is to have it in VLAN {socket.vlan}, and has confirmed {socket.applied}"
            yield Drift(socket.project_id or HOST, Part.SOCKET, str(socket.number), why)


def _leftovers(names: Names, expected: Expected, found: Survey) -> Iterator[Drift]:
    """All that carries the label of a project that has no network, and names of theirs."""
    for project in expected.half_made:
        yield Drift(project, Part.LEFTOVER, names.bridge(project), "it was being built or removed, and nobody is at it")
    labelled: list[tuple[str, Mapping[str, str]]] = [
        *((bridge.name, bridge.external_ids) for bridge in found.bridges.values()),
        *((container.name, container.labels) for container in found.containers.values()),
        *found.volumes.items(),
        *found.ports.get(names.vtep, {}).items(),
    ]
    for name, labels in labelled:
        project = int(labels.get(PROJECT_KEY, 0))
        if project and project not in expected.projects:
            yield Drift(project, Part.LEFTOVER, name, "its project has no network")
    for project in found.hosts.keys() - expected.projects.keys():
        yield Drift(project, Part.LEFTOVER, "names", "its project has no network")


def _steps(names: Names, found: Survey) -> Iterator[Drift]:
    """Of all builds; whether one is under way only the locks say."""
    for step in found.build_steps:
        yield Drift(names.project(step.origin) or HOST, Part.STEP, step.name, f"a build of {step.origin} left its container")
