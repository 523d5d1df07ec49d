"""Bridges, ports, patch ports and tunnels in OVSDB, in the words of ovs-vsctl."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.following import follow
from datacenter.names import INSTANCE_KEY, PROJECT_KEY
from datacenter.ovsdb_connection import TIMEOUT, Add, Connection, Row

SOCKET = "/var/run/openvswitch/db.sock"
WATCHED = {"Bridge": "name,ports,external_ids", "Interface": "name,external_ids,ofport,error,mtu"}  # table: columns


@dataclass(frozen=True)
class Bridge:
    name: str
    datapath_type: str
    external_ids: Mapping[str, str]
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Port:
    """A port to add: its bridge, type ("" for a system interface) and what its interface carries."""

    bridge: str
    name: str
    external_ids: Mapping[str, str]
    type: str = ""
    options: Mapping[str, str] | None = None
    protected: bool = False


class Ovsdb:
    """The database of an Open vSwitch; connects at first use."""

    def __init__(self, socket: str = SOCKET) -> None:
        self._socket = socket
        self._connection = Connection(socket)

    def close(self) -> None:
        """End the connection; the next call opens another."""
        self._connection.close()

    def version(self) -> str:
        """Version of the running Open vSwitch; raises DatacenterUnavailable where none answers."""
        with self._connection.reading():
            versions = [version for root in self._connection.rows("Open_vSwitch") for version in root.ovs_version]
        self._connection.echo()  # what stands in memory would not prove a living server
        return str(versions[0]) if versions else "unknown"

    def watch(self, table: str, owner: Mapping[str, str], changed: Callable[[], None]) -> None:
        """Call `changed` whenever a row of a table of WATCHED that carries the owner comes, goes or is another than before.

        It does so for each that is there at first, too. Raises DatacenterUnavailable when ovsdb-server ends.
        """
        owned = json.dumps([["external_ids", "includes", ["map", list(owner.items())]]])
        follow(["ovsdb-client", "monitor-cond", f"unix:{self._socket}", "Open_vSwitch", owned, table, WATCHED[table]], changed)

    # Bridges

    def bridges(self, owner: Mapping[str, str]) -> list[Bridge]:
        """All bridges whose external_ids carry the owner, ordered by name."""
        with self._connection.reading():
            present = map(_bridge, self._connection.rows("Bridge"))
            return sorted(
                (bridge for bridge in present if owner.items() <= bridge.external_ids.items()), key=lambda bridge: bridge.name
            )

    def bridge(self, name: str) -> Bridge | None:
        with self._connection.reading():
            row = self._connection.find("Bridge", name)
            return _bridge(row) if row else None

    def wait_for_bridge(self, name: str) -> Bridge | None:
        """The bridge, waiting for this process to hear of it; None if it does not exist."""
        self._connection.wait_for("Bridge", name, lambda row: True)
        return self.bridge(name)

    def bridge_of_network(self, key: str, value: str) -> Bridge | None:
        """The bridge that carries this external_id."""
        with self._connection.reading():
            rows = self._connection.rows("Bridge")
            return next((_bridge(row) for row in rows if row.external_ids.get(key) == value), None)

    def ensure_bridge(
        self, name: str, external_ids: Mapping[str, str], datapath_type: str, *, secure: bool = False, mac: str | None = None
    ) -> None:
        """Make the bridge if it is missing; raises DatacenterError if vswitchd cannot or another owner has it.

        Without `mac`, vswitchd chooses one for the bridge's own port, another each time that it is made.
        """
        present = self.bridge(name)
        if present and not _is_of(external_ids, present.external_ids):
            raise DatacenterError(f"Open vSwitch bridge {name} exists and is not ours; rename or remove it.")
        with self._connection.transaction() as add:
            add(self._api.add_br(name, may_exist=True, datapath_type=datapath_type))
            add(self._api.db_set("Bridge", name, ("fail_mode", "secure" if secure else "standalone")))
            add(self._api.db_set("Bridge", name, ("external_ids", dict(external_ids))))
            if mac:
                add(self._api.db_set("Bridge", name, ("other_config", {"hwaddr": mac})))
        try:
            self.wait_for_ofport(name)
        except DatacenterError:
            if present is None:
                self.delete_bridge(name)
            raise

    def delete_bridge(self, name: str) -> None:
        """Remove a bridge with all its ports; a missing one is forgiven."""
        with self._connection.transaction() as add:
            add(self._api.del_br(name, if_exists=True))

    def set_bridge_ids(self, bridge: str, external_ids: Mapping[str, str]) -> None:
        with self._connection.transaction() as add:
            add(self._api.db_set("Bridge", bridge, ("external_ids", dict(external_ids))))

    def remove_bridge_ids(self, bridge: str, *keys: str) -> None:
        """Forget external_ids of a bridge; a missing bridge or key is forgiven."""
        with self._connection.transaction() as add:
            for key in keys:
                add(self._api.db_remove("Bridge", bridge, "external_ids", key, if_exists=True))

    # Ports

    def ports(self, bridge: str) -> dict[str, dict[str, str]]:
        """external_ids of the interfaces of a bridge's ports, by port name; none for a missing bridge."""
        with self._connection.reading():
            return _ports(self._connection.find("Bridge", bridge))

    def ports_of(self, *bridges: str) -> dict[str, dict[str, dict[str, str]]]:
        """The same of several bridges, by bridge."""
        with self._connection.reading():
            rows = {row.name: row for row in self._connection.rows("Bridge")}
            return {name: _ports(rows.get(name)) for name in bridges}

    def plug(self, port: Port, *, replacing: tuple[str, ...] = (), forget: str | None = None) -> int:
        """Add a port in one transaction and return its ofport once vswitchd has it.

        `replacing` names ports of the same owner that are removed first, `forget` a key of the bridge's
        external_ids that the port now carries. Raises DatacenterError, with nothing left, if vswitchd refuses.
        """
        with self._connection.transaction() as add:
            for name in replacing:
                add(self._api.del_port(name, bridge=port.bridge, if_exists=True))
            self._add_port(add, port)
            if forget:
                add(self._api.db_remove("Bridge", port.bridge, "external_ids", forget, if_exists=True))
        try:
            return self.wait_for_ofport(port.name)
        except DatacenterError:
            self.unplug(port.name)
            raise

    def plug_patch(self, one: Port, other: Port) -> tuple[int, int]:
        """Join two bridges by a pair of patch ports; their ofports, in the same order."""
        with self._connection.transaction() as add:
            for end, peer in ((one, other), (other, one)):
                self._add_port(add, Port(end.bridge, end.name, end.external_ids, "patch", {"peer": peer.name}))
        return self.wait_for_ofport(one.name), self.wait_for_ofport(other.name)

    def unplug(self, *names: str) -> None:
        """Remove ports from whatever bridge has them; missing ones are forgiven."""
        with self._connection.transaction() as add:
            for name in names:
                add(self._api.del_port(name, if_exists=True))

    def request_mtu(self, interface: str, mtu: int) -> None:
        """Ask vswitchd to hold an internal interface at this MTU."""
        with self._connection.transaction() as add:
            add(self._api.db_set("Interface", interface, ("mtu_request", mtu)))

    def wait_for_ofport(self, interface: str) -> int:
        """The interface's OpenFlow port number, waiting for vswitchd; DatacenterError says why there is none."""
        self._connection.wait_for("Interface", interface, _settled)
        with self._connection.reading():
            row = self._connection.find("Interface", interface)
            error, ofport = (list(row.error), list(row.ofport)) if row else ([], [])
        if error:
            raise DatacenterError(f"Open vSwitch refuses {interface}: {error[0]}.")
        if not ofport:
            raise DatacenterUnavailable(f"Open vSwitch did not bring {interface} up within {TIMEOUT} s; is ovs-vswitchd running?")
        return int(ofport[0])

    def ofport(self, interface: str) -> int | None:
        """The interface's OpenFlow port number as it is now; None if it is missing, not there yet, or broken."""
        with self._connection.reading():
            row = self._connection.find("Interface", interface)
            return _ofport(row) if row else None

    def ofports(self) -> dict[str, int | None]:
        """The same of all interfaces that there are."""
        with self._connection.reading():
            return {row.name: _ofport(row) for row in self._connection.rows("Interface")}

    @property
    def _api(self) -> Any:
        return self._connection.api

    def _add_port(self, add: Add, port: Port) -> None:
        # add_port(may_exist=True) on an existing port checks neither its bridge nor its attributes.
        with self._connection.reading():
            present = self._connection.find("Port", port.name)
            ours = present is None or _is_of(port.external_ids, present.interfaces[0].external_ids)
        if not ours:
            raise DatacenterError(f"Open vSwitch port {port.name} exists and is not ours; rename or remove it.")
        add(self._api.del_port(port.name, if_exists=True))
        add(self._api.add_port(port.bridge, port.name))
        if port.protected:
            add(self._api.db_set("Port", port.name, ("protected", True)))
        columns: list[tuple[str, Any]] = [("external_ids", dict(port.external_ids))]
        columns += [("type", port.type)] if port.type else []
        columns += [("options", dict(port.options))] if port.options else []
        add(self._api.db_set("Interface", port.name, *columns))


def _settled(interface: Row) -> bool:
    """Whether vswitchd has given the interface an OpenFlow port number, or said why not."""
    return bool(interface.error) or bool(interface.ofport)


def _is_of(owner: Mapping[str, str], present: Mapping[str, str]) -> bool:
    """Whether what is present belongs to the owner that is named among these external_ids."""
    return all(present.get(key) == owner.get(key) for key in (INSTANCE_KEY, PROJECT_KEY))


def _bridge(row: Row) -> Bridge:
    return Bridge(row.name, row.datapath_type, dict(row.external_ids), tuple(sorted(port.name for port in row.ports)))


def _ports(bridge: Row | None) -> dict[str, dict[str, str]]:
    """external_ids of a bridge's ports, by name."""
    ports = bridge.ports if bridge else []
    return {port.name: dict(port.interfaces[0].external_ids) for port in ports if port.interfaces}


def _ofport(interface: Row) -> int | None:
    return int(interface.ofport[0]) if interface.ofport and interface.ofport[0] > 0 and not interface.error else None
