"""The controller's one thread and one connection towards the database: hears of changes, and writes what was found."""

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import psycopg2
from django.db import Error, connection

from sdn import metrics, store
from sdn.events import Applied, Gone, Looped, Present, Record, Seen
from sdn.network import Network

log = logging.getLogger(__name__)

RECONNECT = 0.5  # seconds between attempts to reach the database
HEARTBEAT = 10.0  # seconds between signs of life of the switches


class Reporter:
    """Tells of the network at every change, and writes what it is given, off the packet path.

    While the database is away records wait; when it is back the network is told again, as a whole.
    """

    def __init__(self, changed: Callable[[Network], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._records: dict[object, Record] = {}  # the newest of each thing, in the order in which they came
        self._connected: dict[int, object] = {}  # connections by dpid
        self._written: dict[int, object] = {}  # those of them that the database has as connected
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)

    def write(self, records: Iterable[Record]) -> None:
        """Have these written soon; a newer record of the same thing takes the place of an older."""
        with self._lock:
            for record in records:
                self._records.pop(_thing(record), None)
                self._records[_thing(record)] = record
        os.eventfd_write(self._wake, 1)

    def connected(self, connections: Mapping[int, object]) -> None:
        """Have it written that these switches are connected, and no others; one that has another connection is so anew."""
        with self._lock:
            self._connected = dict(connections)
        os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Never returns; the database may come and go."""
        while True:
            try:
                self._serve()
            except (Error, psycopg2.Error) as error:
                log.warning("the database is away: %s", str(error).strip())
                metrics.database_reconnects.inc()
                connection.close()
                time.sleep(RECONNECT)

    def _serve(self) -> None:
        with connection.cursor() as cursor:  # Django's own connection: it is this thread's alone, and nothing else closes it
            cursor.execute(f"LISTEN {store.CHANGED}")
        session = connection.connection
        self._changed(store.load())
        with self._lock:
            self._written = dict(self._connected)
        store.write_disconnected_but(self._written)
        store.write_connected(self._written, connected=True)
        beat = time.monotonic()
        while True:
            self._write()
            if time.monotonic() >= beat + HEARTBEAT:
                beat = time.monotonic()
                store.write_alive(self._written)
            if not session.notifies:
                select.select([session, self._wake], [], [], HEARTBEAT)
            session.poll()
            if session.notifies:
                session.notifies.clear()
                self._changed(store.load())
            with suppress(BlockingIOError):
                os.eventfd_read(self._wake)

    def _write(self) -> None:
        with self._lock:
            connected, records = dict(self._connected), list(self._records.items())
        if gone := self._written.keys() - connected.keys():
            store.write_connected(gone, connected=False)
        if come := [dpid for dpid, by in connected.items() if self._written.get(dpid) is not by]:
            store.write_connected(come, connected=True)
        self._written = connected
        for thing, record in records:
            store.write(record)
            with self._lock:
                if self._records.get(thing) is record:
                    del self._records[thing]


def _thing(record: Record) -> object:
    """What a record tells of."""
    match record:
        case Applied(number):
            return Applied, number
        case Seen(project, mac):
            return Seen, project, mac
        case Gone(project, mac, number):  # it may have been seen at another socket meanwhile
            return Gone, project, mac, number
        case Present(dpid):
            return Present, dpid
        case Looped(number):
            return Looped, number
