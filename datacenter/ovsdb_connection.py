"""One connection to ovsdb-server: rows to read, transactions, and waits for rows; the only importer of ovsdbapp."""

import socket as sockets
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

with warnings.catch_warnings(action="ignore"):  # ovs imports eventlet if it finds it, which warns that it is old
    from ovsdbapp import exceptions
    from ovsdbapp.backend.ovs_idl import connection, idlutils
    from ovsdbapp.backend.ovs_idl.event import RowEventHandler, WaitEvent
    from ovsdbapp.schema.open_vswitch.impl_idl import OvsdbIdl, OvsVsctlTransaction

from datacenter.errors import DatacenterError, DatacenterUnavailable

TIMEOUT = 10  # seconds, for a transaction and for vswitchd to carry it out

# Only these columns are followed: statistics would wake every process every 5 s for every port.
_COLUMNS = {
    "Open_vSwitch": ["bridges", "datapath_types", "ovs_version"],
    "Bridge": ["name", "ports", "external_ids", "other_config", "datapath_type", "fail_mode", "protocols"],
    "Port": ["name", "interfaces", "external_ids", "protected"],
    "Interface": ["name", "type", "options", "external_ids", "ofport", "error", "mtu", "mtu_request"],
}

Row = Any  # of ovs.db.idl: its columns are attributes
Add = Callable[[Any], Any]  # puts a command of ovsdbapp into a transaction


class _Idl(connection.OvsdbIdl):  # type: ignore[misc]  # ovsdbapp has no types
    """A copy of the database in memory that tells waiting threads of changed rows."""

    def __init__(self, remote: str, schema: Any) -> None:
        super().__init__(remote, schema)
        self.handler = RowEventHandler()

    def notify(self, event: str, row: Row, updates: Any = None) -> None:
        self.handler.notify(event, row, updates)


class _Transaction(OvsVsctlTransaction):  # type: ignore[misc]  # ovsdbapp has no types
    """ovsdbapp's own waits for vswitchd at every commit, needed or not; `Ovsdb.wait_for_ofport` does where it is."""

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


class _RowIs(WaitEvent):  # type: ignore[misc]  # ovsdbapp has no types
    """The row of this name is as somebody waits for it. Two who wait for the same are two, unlike ovsdbapp's events."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, table: str, name: str, settled: Callable[[Row], bool]) -> None:
        super().__init__((self.ROW_CREATE, self.ROW_UPDATE), table, (("name", "=", name),), timeout=TIMEOUT)
        self._settled = settled

    def match_fn(self, event: str, row: Row, old: Any) -> bool:
        return self._settled(row)


class Connection:
    """Opened at first use and kept; it is a thread and does not survive a fork."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._open: _Api | None = None

    @property
    def api(self) -> Any:
        """ovsdbapp's API, whose commands go into a `transaction`; raises DatacenterUnavailable where no server is."""
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

    def echo(self) -> None:
        """Have ovsdb-server answer the echo request of its protocol (RFC 7047, 4.1.11)."""
        try:
            with sockets.socket(sockets.AF_UNIX) as client:
                client.settimeout(TIMEOUT)
                client.connect(self._socket)
                client.sendall(b'{"id":0,"method":"echo","params":[]}')
                client.recv(1)
        except OSError as error:
            raise DatacenterUnavailable(f"Open vSwitch does not answer ({error}); is ovsdb-server running?") from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Rows stay as they are inside: otherwise the connection's thread changes and deletes them at any time."""
        with self.api.ovsdb_connection.lock:  # an RLock: reading inside of reading is fine
            yield

    def rows(self, table: str) -> list[Row]:
        """All rows of a table; read their columns inside of the same `reading`."""
        with self.reading():
            return list(self.api.tables[table].rows.values())

    def find(self, table: str, name: str) -> Row | None:
        """The row of this name; read its columns inside of the same `reading`."""
        with self.reading():
            return idlutils.row_by_value(self.api.idl, table, "name", name, None)

    @contextmanager
    def transaction(self) -> Iterator[Add]:
        """Collects commands and commits them as one; raises DatacenterError if ovsdb-server refuses."""
        try:
            with self.api.transaction(check_error=True, log_errors=False) as transaction:
                yield transaction.add
        except exceptions.TimeoutException as error:
            sentence = f"Open vSwitch does not answer within {TIMEOUT} s; is ovsdb-server running?"
            raise DatacenterUnavailable(sentence) from error
        except (exceptions.OvsdbAppException, RuntimeError) as error:  # RuntimeError: ovsdb-server refused the transaction
            raise DatacenterError(f"Open vSwitch refuses a change: {error}.") from error

    def wait_for(self, table: str, name: str, settled: Callable[[Row], bool]) -> bool:
        """Whether the row of this name is, or within TIMEOUT comes to be, as `settled` wants it."""
        event, handler = _RowIs(table, name, settled), self.api.idl.handler
        handler.watch_event(event)  # heard from here on: look after that, and wait only for what is not there yet
        try:
            with self.reading():
                row = self.find(table, name)
                there = row is not None and settled(row)
            return there or bool(event.wait())
        finally:
            handler.unwatch_event(event)


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
