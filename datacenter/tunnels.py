"""A project's way to the room's switches: a patch pair and two flows on the VTEP bridge for each."""

import hashlib

from datacenter import openflow
from datacenter.names import ENDPOINT_KEY, SWITCH_KEY, TRUNK_KEY, Names
from datacenter.ovsdb import Ovsdb, Port
from datacenter.room import leads

FLOWS_KEY = "netmanager.flows"  # of a project's bridge: digest of its flows on the VTEP bridge, written once they are there


class ProjectTunnels:
    """What joins a project's bridge to the ports of the VTEP bridge that lead to switches."""

    def __init__(self, names: Names, ovsdb: Ovsdb, project_id: int, vlan: int) -> None:
        self._names, self._ovsdb = names, ovsdb
        self._project_id, self._vlan = project_id, vlan
        self._bridge, self._owner = names.bridge(project_id), names.owner(project_id)

    def complete(self) -> bool:
        """Whether everything is there and nothing else; reads only what OVSDB holds."""
        if self._stale() or not all(map(self._joined, self._working().values())):
            return False
        return self._digest(self._flows()) == self._installed()

    def ensure(self, *, repair: bool = False) -> None:
        """Make what is missing, and remove what leads to a switch that is gone; what is right loses no frame.

        `repair` writes the flows anew in any case: a crash of ovs-vswitchd takes them away, and OVSDB does not tell.
        """
        if not repair and self.complete():
            return
        for switch in self._working().values():
            if not self._joined(switch):
                near, far = self._pair(switch)
                self._ovsdb.plug_patch(Port(self._bridge, near, self._owner), Port(self._names.vtep, far, self._owner))
        flows = self._flows()
        if repair or self._digest(flows) != self._installed():
            openflow.replace_flows(self._names.vtep, self._project_id, flows)
            self._ovsdb.set_bridge_ids(self._bridge, {FLOWS_KEY: self._digest(flows)})
        self._ovsdb.unplug(*self._stale())

    def _working(self) -> dict[str, int]:
        """Switch ids of the ports that vswitchd has: one that it lost must not stand in the way of the others."""
        ports = leads(self._names, self._ovsdb)
        return {name: int(ids[SWITCH_KEY]) for name, ids in sorted(ports.items()) if self._ovsdb.ofport(name) is not None}

    def _pair(self, switch: int) -> tuple[str, str]:
        return self._names.patch(self._project_id, switch), self._names.vtep_patch(self._project_id, switch)

    def _joined(self, switch: int) -> bool:
        near, far = self._pair(switch)
        there = near in self._ovsdb.ports(self._bridge) and far in self._ovsdb.ports(self._names.vtep)
        return there and self._ovsdb.ofport(far) is not None

    def _stale(self) -> list[str]:
        """Patch ports that lead to no switch; on the project's bridge, all ports are patch ports but those of endpoints."""
        switches = {int(ids[SWITCH_KEY]) for ids in leads(self._names, self._ovsdb).values()}
        wanted = {name for switch in switches for name in self._pair(switch)}
        present = self._ovsdb.ports(self._bridge) | self._ovsdb.ports(self._names.vtep)
        ours = [name for name, ids in present.items() if self._owner.items() <= ids.items() and ENDPOINT_KEY not in ids]
        return [name for name in ours if name not in wanted]

    def _flows(self) -> list[str]:
        ports, flows = leads(self._names, self._ovsdb), []
        for name, switch in self._working().items():
            join = openflow.trunk_flows if TRUNK_KEY in ports[name] else openflow.tunnel_flows
            patch = self._ovsdb.wait_for_ofport(self._pair(switch)[1])
            flows += join(self._project_id, self._vlan, self._ovsdb.wait_for_ofport(name), patch)
        return flows

    def _digest(self, flows: list[str]) -> str:
        return hashlib.sha256("\n".join(flows).encode()).hexdigest() if flows else ""

    def _installed(self) -> str:
        bridge = self._ovsdb.bridge(self._bridge)
        return bridge.external_ids.get(FLOWS_KEY, "") if bridge else ""
