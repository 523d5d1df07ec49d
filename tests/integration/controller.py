"""The SDN controller's part in a handover, as ARCHITECTURE.md has it: it hears a change and writes what the switch confirmed."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.db import connection

from apps.ports.models import APPLIED_CHANNEL
from apps.projects.models import NETWORK_CHANNEL
from tests.integration.sessions import PATIENCE

APPLY = """
    UPDATE ports_socket SET applied_at = now(), applied_vlan = wanted.vlan FROM (
        SELECT number, CASE WHEN enabled THEN vlan END AS vlan FROM ports_socket LEFT JOIN projects_project USING (project_id)
    ) AS wanted
    WHERE ports_socket.number = wanted.number AND applied_vlan IS DISTINCT FROM wanted.vlan RETURNING ports_socket.number
"""


class Controller:
    """Follows the database in a thread until it is told to end."""

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells
        self._listening, self._ending = threading.Event(), threading.Event()
        self._parameters = {k: v for k, v in connection.get_connection_params().items() if k != "cursor_factory"}
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        assert self._listening.wait(PATIENCE)

    def end(self) -> None:
        self._ending.set()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        session = psycopg2.connect(**self._parameters)
        session.autocommit = True
        session.cursor().execute(f"LISTEN {NETWORK_CHANNEL}")
        self._listening.set()
        while not self._ending.is_set():
            if select.select([session], [], [], 0.02)[0]:
                session.poll()
            if session.notifies:
                session.notifies.clear()
                self._apply(session.cursor())
        session.close()

    def _apply(self, cursor: Any) -> None:
        cursor.execute(APPLY)
        for (number,) in cursor.fetchall():
            if self._tells:
                cursor.execute("SELECT pg_notify(%s, %s)", [APPLIED_CHANNEL, str(number)])


@contextmanager
def running_controller(*, tells: bool = True) -> Iterator[None]:
    """A controller whose switches are all there; `tells=False` writes and loses every notice of it."""
    controller = Controller(tells=tells)
    controller.start()
    try:
        yield
    finally:
        controller.end()
