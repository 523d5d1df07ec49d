"""What differs of a project's network: bridge, tunnels, Docker network and router; pure."""

from collections.abc import Iterator
from functools import partial

from apps.repairs.drift import Drift, Part
from apps.repairs.expected import ExpectedProject
from apps.repairs.host_drifts import leads
from datacenter import openflow
from datacenter.names import ENDPOINT_KEY, MTU_KEY, NETWORK_KEY, SWITCH_KEY, TRUNK_KEY, Names
from datacenter.survey import Survey

RUNS = {"running", "restarting"}  # a container that ends by itself is the engine's to start again, at longer and longer intervals


def network_drifts(names: Names, project: ExpectedProject, found: Survey) -> Iterator[Drift]:
    """Of one project whose network stands."""
    amiss = partial(Drift, project.project_id, Part.NETWORK)
    for where, why in (*_network(names, project, found), *_router(names, project, found)):
        yield amiss(where, why)
    if names.router(project.project_id) in found.other_rules:
        yield Drift(project.project_id, Part.RULES, names.router(project.project_id), "they are not those that it began with")
    if names.bridge(project.project_id) in found.bridges:
        for where, why in _patches(names, project, found):
            yield amiss(where, why)
        if not _has_flows(names, project, found):
            yield Drift(project.project_id, Part.FLOWS, names.vtep, "its flows are not there, or are others")


def _network(names: Names, project: ExpectedProject, found: Survey) -> Iterator[tuple[str, str]]:
    name = names.bridge(project.project_id)
    network, bridge = found.networks.get(name), found.bridges.get(name)
    if bridge is None:
        yield name, "the bridge is missing"
    elif MTU_KEY not in bridge.external_ids or (network and bridge.external_ids.get(NETWORK_KEY) != network):
        yield name, "the bridge does not know its MTU or its Docker network"
    if network is None:
        yield name, "the Docker network is missing"
    elif network != project.network_id:
        yield name, "the Docker network is another"


def _router(names: Names, project: ExpectedProject, found: Survey) -> Iterator[tuple[str, str]]:
    router = found.containers.get(names.router(project.project_id))
    if router is None or router.doomed:
        yield names.router(project.project_id), "the router is missing"
    elif router.docker_id != project.router_id:
        yield router.name, "the router is another"
    elif router.status not in RUNS:
        yield router.name, f"the router is {router.status}"


def _pairs(names: Names, project: ExpectedProject, found: Survey) -> dict[str, tuple[str, str]]:
    """The patch ports that join the project's bridge to each port that leads to a switch and that vswitchd has."""
    working = {lead: int(ids[SWITCH_KEY]) for lead, ids in leads(names, found).items() if found.ofports.get(lead) is not None}
    number = project.project_id
    return {lead: (names.patch(number, switch), names.vtep_patch(number, switch)) for lead, switch in working.items()}


def _patches(names: Names, project: ExpectedProject, found: Survey) -> Iterator[tuple[str, str]]:
    pairs, owner = _pairs(names, project, found).values(), names.owner(project.project_id)
    for port in (port for pair in pairs for port in pair):
        if found.ofports.get(port) is None:
            yield port, "the patch port is missing, or Open vSwitch does not have it"
    for bridge, side in ((names.bridge(project.project_id), 0), (names.vtep, 1)):
        for port, ids in found.ports.get(bridge, {}).items():
            if owner.items() <= ids.items() and ENDPOINT_KEY not in ids and port not in {pair[side] for pair in pairs}:
                yield port, "the patch port leads to no switch"


def _has_flows(names: Names, project: ExpectedProject, found: Survey) -> bool:
    wanted, switches = set(), leads(names, found)
    for lead, (_, far) in _pairs(names, project, found).items():
        join = openflow.trunk_flows if TRUNK_KEY in switches[lead] else openflow.tunnel_flows
        flows = join(project.project_id, project.vlan, found.ofports[lead] or 0, found.ofports.get(far) or 0)
        wanted |= set(map(openflow.normal, flows))
    cookie = openflow.normal(f"cookie={openflow.project_cookie(project.project_id)} actions=").removesuffix(" actions=")
    return wanted == {flow for flow in found.flows.get(names.vtep, ()) if cookie in flow.partition(" ")[0].split(",")}
