"""What reconcile finds to differ, on hosts that are as they should be but for one thing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

import pytest

from apps.repairs.backoff import LONGEST, SETTLED, Backoff
from apps.repairs.difference import difference
from apps.repairs.drift import Drift, Part
from apps.repairs.expected import Expected, ExpectedContainer, ExpectedProject, ExpectedSocket
from datacenter import openflow
from datacenter.addressing import Plan
from datacenter.endpoints import Endpoint
from datacenter.engine import BuildStep, ContainerState
from datacenter.names import (
    ADDRESS_KEY,
    CONTAINER_KEY,
    ENDPOINT_KEY,
    MTU_KEY,
    NETWORK_KEY,
    ROUTER_HOSTNAME,
    SWITCH_KEY,
    TRUNK_KEY,
    Names,
)
from datacenter.ovsdb import Bridge
from datacenter.survey import Survey

NAMES = Names("nm")
PLAN = Plan(IPv4Network("10.64.0.0/12"), IPv4Network("100.64.0.0/16"))
SEVEN, EIGHT = 7, 8
VLANS = {SEVEN: 42, EIGHT: 43}
LEADS = {
    "nm-vx1": NAMES.owner() | {SWITCH_KEY: "1"},
    "eth7": NAMES.owner() | {SWITCH_KEY: "2", TRUNK_KEY: "eth7"},
}
SWITCHES = (1, 2)


def expected_project(number: int) -> ExpectedProject:
    subnet = PLAN.subnet(VLANS[number])
    web, idle = (str(address) for address in list(subnet.containers)[:2])
    containers = (ExpectedContainer("web", f"web{number}", web, True), ExpectedContainer("idle", f"idle{number}", idle, False))
    return ExpectedProject(number, VLANS[number], f"net{number}", f"router{number}", containers)


EXPECTED = Expected(
    projects={number: expected_project(number) for number in VLANS},
    half_made=frozenset(),
    leads=LEADS,
    sockets=(ExpectedSocket(1, SEVEN, 42, 42), ExpectedSocket(2, None, None, None)),
)


def state(docker_id: str, project: int, own: str, status: str, *endpoints: str) -> ContainerState:
    """A container; `own` is its name in the project, empty for the router."""
    labels = NAMES.owner(project) | ({CONTAINER_KEY: own} if own else {})
    name = NAMES.container(project, own) if own else NAMES.router(project)
    found = {one: Endpoint(one, "", IPv4Interface("0.0.0.0/0"), "") for one in endpoints}
    return ContainerState(docker_id, name, status, labels, found)


def veth(endpoint: str) -> str:
    return f"nm-h{endpoint}"


def ideal() -> Survey:
    """A host that is as EXPECTED says."""
    ports: dict[str, dict[str, Mapping[str, str]]] = {NAMES.vtep: dict(LEADS), NAMES.routing: {}}
    bridges = {name: {NETWORK_KEY: f"net-{name}", MTU_KEY: "1450"} for name in (NAMES.vtep, NAMES.routing)}
    containers, flows, hosts = {}, list(openflow.STANDING), {}
    ofports: dict[str, int | None] = {"nm-vx1": 1, "eth7": 2}
    for project in EXPECTED.projects.values():
        number, subnet = project.project_id, PLAN.subnet(project.vlan)
        bridge, owner = NAMES.bridge(number), NAMES.owner(number)
        bridges[bridge] = {NETWORK_KEY: project.network_id, MTU_KEY: "1450"} | owner
        ports[bridge] = {}
        for switch, lead in zip(SWITCHES, LEADS, strict=True):
            near, far = NAMES.patch(number, switch), NAMES.vtep_patch(number, switch)
            ports[bridge][near] = ports[NAMES.vtep][far] = owner
            ofports |= {near: 10 * switch, far: 100 * number + switch}
            join = openflow.trunk_flows if lead == "eth7" else openflow.tunnel_flows
            flows += join(number, project.vlan, switch, 100 * number + switch)
        lan, wan, web = f"00000000{number}", f"00000001{number}", f"00000002{number}"
        addresses = {lan: (bridge, subnet.router), web: (bridge, project.containers[0].ip)}
        for endpoint, (on, address) in (addresses | {wan: (NAMES.routing, PLAN.public_address(project.vlan))}).items():
            ids = {ENDPOINT_KEY: endpoint, ADDRESS_KEY: f"{address}/24"} | (owner if on == bridge else NAMES.owner())
            ports[on][veth(endpoint)] = ids
            ofports[veth(endpoint)] = 50
        for one in (
            state(project.router_id, number, "", "running", lan, wan),
            state(f"web{number}", number, "web", "running", web),
            state(f"idle{number}", number, "idle", "exited"),
        ):
            containers[one.name] = one
        hosts[number] = {one.name: one.ip for one in project.containers} | {ROUTER_HOSTNAME: str(subnet.router)}
    endpoints = frozenset(endpoint for one in containers.values() for endpoint in one.endpoints)
    return Survey(
        bridges={name: Bridge(name, "netdev", ids, tuple(ports[name])) for name, ids in bridges.items()},
        ports=ports,
        ofports=ofports,
        flows={NAMES.vtep: normal(flows), NAMES.routing: normal(openflow.routing_flows(PLAN.public, None))},
        links={veth(endpoint): 1450 for endpoint in endpoints},
        containers=containers,
        endpoints=endpoints,
        build_steps=(),
        networks={NAMES.routing: f"net-{NAMES.routing}"} | {NAMES.bridge(n): f"net{n}" for n in VLANS},
        volumes={NAMES.leases(n): NAMES.owner(n) for n in VLANS},
        hosts=hosts,
        firewall=(),
    )


def normal(flows: Iterable[str]) -> frozenset[str]:
    return frozenset(map(openflow.normal, flows))


def with_flows(found: Survey, bridge: str, change: Callable[[frozenset[str]], Iterable[str]]) -> Survey:
    return replace(found, flows=dict(found.flows) | {bridge: frozenset(change(found.flows[bridge]))})


def drifts(found: Survey, expected: Expected = EXPECTED) -> list[tuple[int, str, str]]:
    return [(drift.project_id, str(drift.part), drift.where) for drift in difference(NAMES, PLAN, expected, found)]


def without(mapping: Mapping[Any, Any], key: Any) -> dict[Any, Any]:
    assert key in mapping
    return {name: value for name, value in mapping.items() if name != key}


def without_port(found: Survey, bridge: str, port: str) -> Survey:
    ports = dict(found.ports) | {bridge: without(found.ports[bridge], port)}
    return replace(found, ports=ports, ofports=without(found.ofports, port))


def with_container(found: Survey, container: str, **changes: Any) -> Survey:
    changed = replace(found.containers[container], **changes)
    return replace(found, containers=without(found.containers, container) | {changed.name: changed})


WEB = NAMES.container(SEVEN, "web")
PORT = veth("000000027")
ONE_THING: dict[str, tuple[Callable[[Survey], Survey], tuple[int, str, str]]] = {
    "bridge": (lambda s: replace(s, bridges=without(s.bridges, "nm-p7")), (7, "network", "nm-p7")),
    "network": (lambda s: replace(s, networks=without(s.networks, "nm-p7")), (7, "network", "nm-p7")),
    "network id": (lambda s: replace(s, networks=dict(s.networks) | {"nm-p7": "x"}), (7, "network", "nm-p7")),
    "router": (lambda s: replace(s, containers=without(s.containers, "nm-p7-router")), (7, "network", "nm-p7-router")),
    "router's state": (lambda s: with_container(s, "nm-p7-router", status="exited"), (7, "network", "nm-p7-router")),
    "doomed router": (lambda s: with_container(s, "nm-p7-router", status="dead"), (7, "network", "nm-p7-router")),
    "rules": (lambda s: replace(s, other_rules=frozenset({"nm-p7-router"})), (7, "rules", "nm-p7-router")),
    "patch port": (lambda s: without_port(s, "nm-p7", "nm-p7-s1"), (7, "network", "nm-p7-s1")),
    "far patch port": (lambda s: without_port(s, "nm-vtep", "nm-s2-p7"), (7, "network", "nm-s2-p7")),
    "dead patch port": (lambda s: replace(s, ofports=dict(s.ofports) | {"nm-p7-s1": None}), (7, "network", "nm-p7-s1")),
    "flow": (lambda s: with_flows(s, NAMES.vtep, lambda fs: (f for f in fs if "tun_id=42" not in f)), (7, "flows", "nm-vtep")),
    "foreign flow": (
        lambda s: with_flows(
            s, NAMES.vtep, lambda fs: {*fs, openflow.normal(f"cookie={openflow.project_cookie(7):#x} actions=drop")}
        ),
        (7, "flows", "nm-vtep"),
    ),
    "standing flows": (
        lambda s: with_flows(s, NAMES.vtep, lambda fs: (f for f in fs if "ipv6" not in f)),
        (0, "host", "nm-vtep"),
    ),
    "routing flow": (
        lambda s: with_flows(s, NAMES.routing, lambda fs: (f for f in fs if "resubmit" not in f)),
        (0, "host", "nm-routing"),
    ),
    "foreign routing flow": (
        lambda s: with_flows(s, NAMES.routing, lambda fs: {*fs, "priority=99 actions=NORMAL"}),
        (0, "host", "nm-routing"),
    ),
    "container": (lambda s: replace(s, containers=without(s.containers, WEB)), (7, "container", "web")),
    "container's state": (lambda s: with_container(s, WEB, status="exited"), (7, "container", "web")),
    "doomed container": (lambda s: with_container(s, WEB, status="dead"), (7, "container", "web")),
    "doomed idle": (lambda s: with_container(s, "nm-p7.idle", status="dead"), (7, "container", "idle")),
    "container's name": (lambda s: with_container(s, WEB, name="nm-p7.web.next"), (7, "container", "web")),
    "idle runs": (lambda s: with_container(s, "nm-p7.idle", status="running"), (7, "container", "idle")),
    "stranger": (
        lambda s: replace(s, containers=dict(s.containers) | {"nm-p7.x": state("x", 7, "x", "created")}),
        (7, "container", "x"),
    ),
    "connection": (lambda s: without_port(s, "nm-p7", PORT), (7, "connection", WEB)),
    "dead port's interface": (lambda s: replace(s, ofports=dict(s.ofports) | {PORT: None}), (7, "connection", WEB)),
    "MTU": (lambda s: replace(s, links=dict(s.links) | {PORT: 1400}), (7, "connection", WEB)),
    "dead port": (lambda s: replace(s, endpoints=s.endpoints - {"000000027"}), (7, "port", PORT)),
    "stray link": (lambda s: replace(s, links=dict(s.links) | {"nm-c00000abcd": 1500}), (0, "link", "nm-c00000abcd")),
    "name": (lambda s: replace(s, hosts=dict(s.hosts) | {7: without(s.hosts[7], "web")}), (7, "name", "web")),
    "switch port": (lambda s: without_port(s, "nm-vtep", "nm-vx1"), (0, "host", "nm-vx1")),
    "firewall": (lambda s: replace(s, firewall=("gone",)), (0, "host", "firewall")),
    "leftover volume": (lambda s: replace(s, volumes={"v": NAMES.owner(9)}), (9, "leftover", "v")),
    "build's step": (lambda s: replace(s, build_steps=(BuildStep("i", "x_y", "nm-p7"),)), (7, "step", "x_y")),
    "leftover build's step": (lambda s: replace(s, build_steps=(BuildStep("i", "x_y", "nm-p9"),)), (9, "step", "x_y")),
    "own image's step": (lambda s: replace(s, build_steps=(BuildStep("i", "x_y", "nm-router"),)), (0, "step", "x_y")),
    "leftover names": (lambda s: replace(s, hosts=dict(s.hosts) | {9: {"web": "x"}}), (9, "leftover", "names")),
}  # fmt: skip


def test_nothing_differs_where_all_is_as_it_should_be() -> None:
    assert drifts(ideal()) == []


@pytest.mark.parametrize("what", ONE_THING)
def test_one_thing_that_differs_is_found(what: str) -> None:
    change, drift = ONE_THING[what]
    assert drift in drifts(change(ideal()))


@pytest.mark.parametrize("what", sorted(set(ONE_THING) - {"leftover volume", "leftover names", "firewall", "switch port"}))
def test_what_differs_in_one_project_is_not_told_of_another(what: str) -> None:
    found = ONE_THING[what][0](ideal())
    assert [drift for drift in drifts(found) if drift[0] == EIGHT] == []


def test_a_container_that_ends_by_itself_is_the_engines_to_start_again() -> None:
    assert drifts(with_container(ideal(), WEB, status="restarting")) == []


def test_what_an_operation_is_making_is_not_strange() -> None:
    seven = replace(EXPECTED.projects[SEVEN], coming=frozenset({"db"}))
    found = ideal()
    coming = state("db7", 7, "db", "created")
    hosts = dict(found.hosts) | {7: dict(found.hosts[7]) | {"db": "10.66.160.130"}}
    found = replace(found, containers=dict(found.containers) | {"nm-p7.db": coming}, hosts=hosts)
    assert drifts(found, replace(EXPECTED, projects=dict(EXPECTED.projects) | {SEVEN: seven})) == []
    assert drifts(found) == [(7, "container", "db"), (7, "name", "db")], "the control"


def test_an_interface_of_a_container_whose_port_was_lost_is_not_strange() -> None:
    assert [drift for drift in drifts(without_port(ideal(), "nm-p7", PORT)) if drift[1] == "link"] == []
    found = replace(ideal(), bridges=without(ideal().bridges, "nm-p7"), ports=without(ideal().ports, "nm-p7"))
    assert [drift for drift in drifts(found) if drift[1] == "link"] == []


@pytest.mark.parametrize("plugged", [True, False])
def test_the_containers_end_is_not_strange_before_the_engine_has_taken_it(plugged: bool) -> None:
    """The driver has plugged the pair in; the engine tells of the connection only when the container has started."""
    found = ideal()
    on_its_way = replace(found, links=dict(found.links) | {"nm-c000000027": 1450}, endpoints=found.endpoints - {"000000027"})
    strange = drifts(on_its_way if plugged else without_port(on_its_way, "nm-p7", PORT))
    assert ((0, "link", "nm-c000000027") in strange) is not plugged


def test_a_port_whose_switch_is_lost_is_the_hosts_trouble_and_no_projects() -> None:
    found = ideal()
    assert {drift[0] for drift in drifts(without_port(found, "nm-vtep", "nm-vx1")) if drift[1] == "host"} == {0}


def test_a_network_that_nobody_builds_or_removes_any_more_is_told() -> None:
    eight = replace(EXPECTED, projects=without(EXPECTED.projects, SEVEN), half_made=frozenset({SEVEN}))
    assert {(drift[0], drift[1]) for drift in drifts(ideal(), eight)} == {(7, "leftover")}


def test_a_socket_that_its_switch_has_elsewhere_is_told() -> None:
    sockets = (ExpectedSocket(1, SEVEN, 42, 43), ExpectedSocket(2, None, None, 42))
    assert drifts(ideal(), replace(EXPECTED, sockets=sockets)) == [(0, "socket", "2"), (7, "socket", "1")]


# How often it is tried

DRIFT = Drift(7, Part.CONTAINER, "web", "it is to run, and is exited")


def test_what_comes_back_is_put_right_less_and_less_often() -> None:
    backoff, now, waits = Backoff(), 1000.0, []
    for _ in range(12):
        assert backoff.due([DRIFT], now) == [DRIFT]
        assert backoff.due([DRIFT], now) == []
        waits.append(backoff.wait(now))
        now += waits[-1]
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST


def test_one_that_came_back_delays_no_other() -> None:
    backoff, other = Backoff(), replace(DRIFT, where="db")
    backoff.due([DRIFT], 0)
    assert backoff.due([DRIFT, other], 0.5) == [other]


@pytest.mark.parametrize(("look", "wait"), [(7.0 + SETTLED - 1, 16), (7.0 + SETTLED, 1)])
def test_what_has_stayed_right_for_a_while_is_put_right_at_once_when_it_is_amiss_again(look: float, wait: float) -> None:
    backoff = Backoff()
    for now in (0.0, 1.0, 3.0, 7.0):
        assert backoff.due([DRIFT], now) == [DRIFT]
    assert backoff.due([], look) == []
    assert backoff.due([DRIFT], 30.0) == [DRIFT]
    assert backoff.wait(30.0) == wait


def test_what_is_amiss_all_the_time_is_remembered() -> None:
    backoff = Backoff()
    for now in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0):
        assert backoff.due([DRIFT], now) == [DRIFT]
    assert backoff.due([DRIFT], 62.0) == []
    assert backoff.due([], 62.5) == []
    assert backoff.due([DRIFT], 63.0) == [DRIFT]
    assert backoff.wait(63.0) == 64


def test_nothing_is_waited_for_where_nothing_differs() -> None:
    assert Backoff().wait(0) == float("inf")
