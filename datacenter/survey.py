"""What this instance has on the host now: plain values, gathered in one pass; changes nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from datacenter import firewall, netlink, openflow
from datacenter.dns import HostsDirectories
from datacenter.engine import BuildStep, ContainerState, Engine
from datacenter.names import Names
from datacenter.ovsdb import Bridge, Ovsdb
from datacenter.router_rules import RouterRules


@dataclass(frozen=True)
class Survey:
    """Everything is found by its owner label, or by the prefix of the instance where it can carry none."""

    bridges: Mapping[str, Bridge]
    ports: Mapping[str, Mapping[str, Mapping[str, str]]]  # by bridge: external_ids of its ports
    ofports: Mapping[str, int | None]  # None: vswitchd does not have the port
    flows: Mapping[str, frozenset[str]]  # by bridge, VTEP and routing: those of its first table, as `openflow.normal` writes them
    links: Mapping[str, int]  # MTU of interfaces in bytes
    containers: Mapping[str, ContainerState]
    endpoints: frozenset[str]  # of all containers of the engine, a build's included
    build_steps: tuple[BuildStep, ...]
    networks: Mapping[str, str]  # ids
    volumes: Mapping[str, Mapping[str, str]]  # labels
    hosts: Mapping[int, Mapping[str, str]]  # by project: addresses by name
    firewall: tuple[str, ...]  # sentences on what is wrong with it
    other_rules: frozenset[str] = frozenset()  # routers whose rules are not those that they began with


class Surveyor:
    """Looks at the host; one that is kept looks with less effort, for it remembers what need not be asked again."""

    def __init__(self, names: Names, ovsdb: Ovsdb, engine: Engine, hosts: HostsDirectories) -> None:
        self._names, self._ovsdb, self._engine, self._hosts = names, ovsdb, engine, hosts
        self._rules = RouterRules(engine)

    def survey(self, policy: firewall.Policy | None, routers: Collection[str]) -> Survey:
        """All of it, the rules of these routers, and the firewall where there is a policy to compare it with.

        Raises DatacenterUnavailable where a service of the host does not answer.
        """
        owner = self._names.owner()
        bridges = {bridge.name: bridge for bridge in self._ovsdb.bridges(owner)}
        ports = self._ovsdb.ports_of(*bridges)
        ofports = self._ovsdb.ofports()
        containers = {container.name: container for container in self._engine.containers(owner)}
        running = [containers[name] for name in routers if name in containers and containers[name].status == "running"]
        return Survey(
            bridges=bridges,
            ports=ports,
            ofports={port: ofports.get(port) for of_bridge in ports.values() for port in of_bridge},
            flows={name: _flows(name) for name in (self._names.vtep, self._names.routing) if name in bridges},
            links=netlink.mtus(f"{self._names.instance}-"),
            containers=containers,
            endpoints=self._engine.endpoints(),
            build_steps=tuple(self._engine.build_steps(owner)),
            networks=self._engine.networks(owner),
            volumes=self._engine.volumes(owner),
            hosts=self._hosts.everything(),
            firewall=firewall.complaints(policy) if policy else (),
            other_rules=self._rules.others(running, {container.docker_id for container in containers.values()}),
        )


def _flows(bridge: str) -> frozenset[str]:
    return frozenset(map(openflow.normal, openflow.dump_flows(bridge)))
