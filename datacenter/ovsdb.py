"""Bridges, ports, patch ports and tunnels in OVSDB; the only importer of ovsdbapp."""

import functools
import socket as sockets
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

with warnings.catch_warnings(action="ignore"):  # ovs imports eventlet if it finds it, which warns that it is old
    from ovsdbapp import exceptions
    from ovsdbapp.backend.ovs_idl import connection, event, idlutils
    from ovsdbapp.backend.ovs_idl.event import WaitEvent
    from ovsdbapp.schema.open_vswitch.impl_idl import OvsdbIdl, OvsVsctlTransaction

from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.names import INSTANCE_KEY, PROJECT_KEY

SOCKET = "/var/run/openvswitch/db.sock"
TIMEOUT = 10  # seconds, for a transaction and for vswitchd to carry it out

# Only these columns are followed: statistics would wake every process every 5 s for every port.
_COLUMNS = {
    "Open_vSwitch": ["bridges", "datapath_types", "ovs_version"],
    "Bridge": ["name", "ports", "external_ids", "datapath_type", "fail_mode", "protocols"],
    "Port": ["name", "interfaces", "external_ids", "protected"],
    "Interface": ["name", "type", "options", "external_ids", "ofport", "error", "mtu", "mtu_request"],
}

P = ParamSpec("P")
R = TypeVar("R")


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


class _Idl(connection.OvsdbIdl):  # type: ignore[misc]  # ovsdbapp has no types
    """A copy of the database in memory that tells waiting threads of changed rows."""

    def __init__(self, remote: str, schema: Any) -> None:
        super().__init__(remote, schema)
        self.handler = event.RowEventHandler()

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        self.handler.notify(event, row, updates)


class _Transaction(OvsVsctlTransaction):  # type: ignore[misc]  # ovsdbapp has no types
    """ovsdbapp's own waits for vswitchd at every commit, needed or not; `wait_for_ofport` does where it is."""

    def pre_commit(self, txn: Any) -> None:
        txn.expected_ifaces = set()  # add_port fills it

    def post_commit(self, txn: Any) -> None:
        for command in self.commands:
            command.post_commit(txn)


class _Api(OvsdbIdl):  # type: ignore[misc]  # ovsdbapp has no types
    """ovsdbapp keeps one connection per class: a second one would silently talk to the server of the first."""

    _own: connection.Connection | None = None

    @property
    def ovsdb_connection(self) -> connection.Connection:
        return self._own

    @ovsdb_connection.setter
    def ovsdb_connection(self, own: connection.Connection) -> None:
        self._own = own

    def create_transaction(self, check_error: bool = False, log_errors: bool = True, **kwargs: Any) -> _Transaction:
        return _Transaction(self, self.ovsdb_connection, check_error=check_error, log_errors=log_errors)


class _InterfaceSettled(WaitEvent):  # type: ignore[misc]  # ovsdbapp has no types
    """vswitchd has given the interface an OpenFlow port number, or said why not."""

    def __init__(self, name: str) -> None:
        super().__init__((self.ROW_CREATE, self.ROW_UPDATE), "Interface", (("name", "=", name),), timeout=TIMEOUT)

    def match_fn(self, event: str, row: Any, old: Any) -> bool:
        return _settled(row)


def _settled(row: Any) -> bool:
    return bool(row.error) or bool(row.ofport)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exceptions.TimeoutException as error:
        raise DatacenterUnavailable(f"Open vSwitch does not answer within {TIMEOUT} s; is ovsdb-server running?") from error
    except (exceptions.OvsdbAppException, RuntimeError) as error:  # RuntimeError: ovsdb-server refused the transaction
        raise DatacenterError(f"Open vSwitch refuses a change: {error}.") from error


def _guarded(method: Callable[Concatenate["Ovsdb", P], R]) -> Callable[Concatenate["Ovsdb", P], R]:
    @functools.wraps(method)
    def call(self: "Ovsdb", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with _translated():
            return method(self, *args, **kwargs)

    return call


def _connect(socket: str) -> _Api:
    if not Path(socket).exists():
        raise DatacenterUnavailable(f"Open vSwitch is not running: there is no {socket}.")
    remote = f"unix:{socket}"
    try:
        helper = idlutils.get_schema_helper(remote, "Open_vSwitch")
        for table, columns in _COLUMNS.items():
            helper.register_columns(table, columns)
        return _Api(connection.Connection(_Idl(remote, helper), TIMEOUT))
    except Exception as error:  # that is what ovsdbapp raises
        raise DatacenterUnavailable(f"Open vSwitch cannot be reached ({error}); is ovsdb-server running?") from error


def _echo(socket: str) -> None:
    """Have ovsdb-server answer the echo request of its protocol (RFC 7047, 4.1.11)."""
    try:
        with sockets.socket(sockets.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(socket)
            client.sendall(b'{"id":0,"method":"echo","params":[]}')
            client.recv(1)
    except OSError as error:
        raise DatacenterUnavailable(f"Open vSwitch does not answer ({error}); is ovsdb-server running?") from error


def _is_of(owner: Mapping[str, str], present: Mapping[str, str]) -> bool:
    """Whether what is present belongs to the owner that is named among these external_ids."""
    return all(present.get(key) == owner.get(key) for key in (INSTANCE_KEY, PROJECT_KEY))


class Ovsdb:
    """One connection to ovsdb-server, opened at first use (it is a thread and does not survive a fork)."""

    def __init__(self, socket: str = SOCKET) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._open: _Api | None = None

    @property
    def _api(self) -> _Api:
        with self._lock:
            if self._open is None:
                self._open = _connect(self._socket)
            return self._open

    def close(self) -> None:
        """End the connection's thread; the next call opens another."""
        with self._lock:
            if self._open is not None:
                self._open.ovsdb_connection.stop(TIMEOUT)
                self._open = None

    @_guarded
    def version(self) -> str:
        """Version of the running Open vSwitch; raises DatacenterUnavailable where none answers."""
        root = next(iter(self._api.tables["Open_vSwitch"].rows.values()))
        _echo(self._socket)  # what stands in memory would not prove a living server
        return str(next(iter(root.ovs_version), "unknown"))

    @_guarded
    def bridges(self, owner: Mapping[str, str]) -> list[Bridge]:
        """All bridges whose external_ids carry the owner, ordered by name."""
        return sorted(
            (bridge for bridge in map(self._bridge, self._rows("Bridge")) if owner.items() <= bridge.external_ids.items()),
            key=lambda bridge: bridge.name,
        )

    @_guarded
    def bridge(self, name: str) -> Bridge | None:
        row = self._find("Bridge", name)
        return self._bridge(row) if row else None

    @_guarded
    def wait_for_bridge(self, name: str) -> Bridge | None:
        """The bridge, waiting for this process to hear of it; None if it does not exist."""
        with self._watching(WaitEvent((WaitEvent.ROW_CREATE,), "Bridge", (("name", "=", name),), timeout=TIMEOUT)) as seen:
            return self.bridge(name) or (self.bridge(name) if seen.wait() else None)

    @_guarded
    def bridge_of_network(self, key: str, value: str) -> Bridge | None:
        """The bridge that carries this external_id."""
        return next((self._bridge(row) for row in self._rows("Bridge") if row.external_ids.get(key) == value), None)

    @_guarded
    def ports(self, bridge: str) -> dict[str, dict[str, str]]:
        """external_ids of the interfaces of a bridge's ports, by port name."""
        row = self._find("Bridge", bridge)
        return {port.name: dict(port.interfaces[0].external_ids) for port in row.ports if port.interfaces} if row else {}

    @_guarded
    def ensure_bridge(self, name: str, external_ids: Mapping[str, str], datapath_type: str, *, secure: bool = False) -> None:
        """Make the bridge if it is missing; raises DatacenterError if vswitchd cannot or another owner has it."""
        present = self.bridge(name)
        if present and not _is_of(external_ids, present.external_ids):
            raise DatacenterError(f"Open vSwitch bridge {name} exists and is not ours; rename or remove it.")
        with self._transaction() as add:
            add(self._api.add_br(name, may_exist=True, datapath_type=datapath_type))
            add(self._api.db_set("Bridge", name, ("fail_mode", "secure" if secure else "standalone")))
            for key, value in external_ids.items():
                add(self._api.db_set("Bridge", name, ("external_ids", {key: value})))
        try:
            self.wait_for_ofport(name)
        except DatacenterError:
            if present is None:
                self.delete_bridge(name)
            raise

    @_guarded
    def delete_bridge(self, name: str) -> None:
        """Remove a bridge with all its ports; a missing one is forgiven."""
        with self._transaction() as add:
            add(self._api.del_br(name, if_exists=True))

    @_guarded
    def set_bridge_ids(self, bridge: str, external_ids: Mapping[str, str]) -> None:
        with self._transaction() as add:
            add(self._api.db_set("Bridge", bridge, ("external_ids", dict(external_ids))))

    @_guarded
    def remove_bridge_ids(self, bridge: str, *keys: str) -> None:
        """Forget external_ids of a bridge; a missing bridge or key is forgiven."""
        with self._transaction() as add:
            for key in keys:
                add(self._api.db_remove("Bridge", bridge, "external_ids", key, if_exists=True))

    @_guarded
    def plug(self, port: Port, *, replacing: tuple[str, ...] = (), forget: str | None = None) -> int:
        """Add a port in one transaction and return its ofport once vswitchd has it.

        `replacing` names ports of the same owner that are removed first, `forget` a key of the bridge's
        external_ids that the port now carries. Raises DatacenterError, with nothing left, if vswitchd refuses.
        """
        with self._transaction() as add:
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

    @_guarded
    def plug_patch(self, one: Port, other: Port) -> tuple[int, int]:
        """Join two bridges by a pair of patch ports; their ofports, in the same order."""
        with self._transaction() as add:
            for end, peer in ((one, other), (other, one)):
                self._add_port(add, Port(end.bridge, end.name, end.external_ids, "patch", {"peer": peer.name}))
        return self.wait_for_ofport(one.name), self.wait_for_ofport(other.name)

    @_guarded
    def unplug(self, *names: str) -> None:
        """Remove ports from whatever bridge has them; missing ones are forgiven."""
        with self._transaction() as add:
            for name in names:
                add(self._api.del_port(name, if_exists=True))

    @_guarded
    def request_mtu(self, interface: str, mtu: int) -> None:
        """Ask vswitchd to hold an internal interface at this MTU."""
        with self._transaction() as add:
            add(self._api.db_set("Interface", interface, ("mtu_request", mtu)))

    @_guarded
    def wait_for_ofport(self, interface: str) -> int:
        """The interface's OpenFlow port number, waiting for vswitchd; DatacenterError says why there is none."""
        with self._watching(_InterfaceSettled(interface)) as settled:
            row = self._find("Interface", interface)
            if not (row and _settled(row)):
                settled.wait()
                row = self._find("Interface", interface)
        if row is None or not _settled(row):
            raise DatacenterUnavailable(f"Open vSwitch did not bring {interface} up within {TIMEOUT} s; is ovs-vswitchd running?")
        if row.error:
            raise DatacenterError(f"Open vSwitch refuses {interface}: {row.error[0]}.")
        return int(row.ofport[0])

    def _add_port(self, add: Callable[[Any], Any], port: Port) -> None:
        # add_port(may_exist=True) on an existing port checks neither its bridge nor its attributes.
        present = self._find("Port", port.name)
        if present:
            if not _is_of(port.external_ids, present.interfaces[0].external_ids):
                raise DatacenterError(f"Open vSwitch port {port.name} exists and is not ours; rename or remove it.")
            add(self._api.del_port(port.name, if_exists=True))
        add(self._api.add_port(port.bridge, port.name))
        if port.protected:
            add(self._api.db_set("Port", port.name, ("protected", True)))
        columns: list[tuple[str, Any]] = [("external_ids", dict(port.external_ids))]
        columns += [("type", port.type)] if port.type else []
        columns += [("options", dict(port.options))] if port.options else []
        add(self._api.db_set("Interface", port.name, *columns))

    @contextmanager
    def _transaction(self) -> Iterator[Callable[[Any], Any]]:
        with self._api.transaction(check_error=True, log_errors=False) as transaction:
            yield transaction.add

    @contextmanager
    def _watching(self, event: WaitEvent) -> Iterator[WaitEvent]:
        """The event, which is heard from here on: look after that, and wait only for what is not there yet."""
        handler = self._api.idl.handler
        handler.watch_event(event)
        try:
            yield event
        finally:
            handler.unwatch_event(event)

    def _rows(self, table: str) -> list[Any]:
        with self._api.ovsdb_connection.lock:  # its thread changes them
            return list(self._api.tables[table].rows.values())

    def _find(self, table: str, name: str) -> Any:
        with self._api.ovsdb_connection.lock:
            return idlutils.row_by_value(self._api.idl, table, "name", name, None)

    @staticmethod
    def _bridge(row: Any) -> Bridge:
        return Bridge(row.name, row.datapath_type, dict(row.external_ids), tuple(sorted(port.name for port in row.ports)))
