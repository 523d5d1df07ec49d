"""A caller that goes on while things are killed; and whether all that was acknowledged to it is so, and was done once."""

import itertools
import threading
import uuid
from dataclasses import dataclass
from typing import Self

import requests

from tests.system.matrix.city import CALLS, SPARE
from tests.system.stack import DATABASE, LISTEN, Stack, postgres
from tests.system.state.facts import rows

PAUSE = 0.1  # seconds between two calls
PATIENCE = 20  # seconds for an answer
# Notes, from now on, every time that a worker begins a step of an operation.
LISTENS = """
CREATE TABLE IF NOT EXISTS matrix_begun (uuid uuid, step text);
TRUNCATE matrix_begun;
CREATE OR REPLACE FUNCTION matrix_began() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
'BEGIN INSERT INTO public.matrix_begun VALUES (NEW.uuid, NEW.step); RETURN NULL; END';
CREATE OR REPLACE TRIGGER matrix_began AFTER UPDATE ON operations_operation FOR EACH ROW
WHEN (OLD.state = 'WAITING' AND NEW.state = 'RUNNING') EXECUTE FUNCTION matrix_began();
"""
OPEN = "SELECT kind, uuid, project_id, state FROM operations_operation WHERE state NOT IN ('SUCCEEDED', 'FAILED')"


@dataclass(frozen=True)
class Call:
    """One that was made: what became of it as the caller knows; status 0: nobody answered."""

    key: str
    socket: int
    adds: bool
    status: int
    code: str


class Caller:
    """Gives sockets 11 and 12 to a project and takes them away, over and over, from `with` to its end."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._session = requests.Session()
        self._ended = threading.Event()
        postgres(LISTENS, DATABASE)
        self.calls: list[Call] = []

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def last(self) -> Call | None:
        return self.calls[-1] if self.calls else None

    def complaints(self) -> list[str]:
        """Once nothing is open any more: sentences about what was acknowledged and is not so, and what was done twice."""
        return [*self._lost(), *self._twice(), *self._forgotten()]

    def _run(self) -> None:
        for socket, adds in itertools.cycle(itertools.product(SPARE, (True, False))):
            self._call(socket, adds)
            if self._ended.wait(PAUSE):
                return

    def _call(self, socket: int, adds: bool) -> None:
        """As a caller does who knows what to repeat: with the same key until somebody answers."""
        key, path = uuid.uuid4().hex, f"/add-port/1/{CALLS}/{socket}/" if adds else f"/remove-port/1/{socket}/"
        headers = {"Authorization": f"Token {self._stack.token}", "Idempotency-Key": key}
        while True:
            try:
                answer = self._session.post(f"http://{LISTEN}{path}", headers=headers, timeout=PATIENCE)
                told = answer.status_code, str(answer.json().get("code", ""))
            except (requests.RequestException, ValueError):
                told = 0, ""
            if told[0] or self._ended.wait(PAUSE):
                self.calls.append(Call(key, socket, adds, *told))
                return

    def _lost(self) -> list[str]:
        """Of acknowledged calls: each has exactly one operation, which succeeded."""
        acknowledged = [call.key for call in self.calls if call.status == 200]
        states = {row["idempotency_key"]: row["state"] for row in self._rows()}
        return [
            f"call {key} was acknowledged and is {states.get(key, 'unknown')}"
            for key in acknowledged
            if states.get(key) != "SUCCEEDED"
        ]

    def _rows(self) -> list[dict[str, str]]:
        keys = ", ".join(f"'{call.key}'" for call in self.calls) or "''"
        return rows(f"SELECT idempotency_key, state FROM operations_operation WHERE idempotency_key IN ({keys})")

    def _twice(self) -> list[str]:
        """Steps that workers have begun more than once since the caller began."""
        begun = rows("SELECT uuid, step, count(*) AS times FROM matrix_begun GROUP BY uuid, step")
        return [f"step {row['step']} of {row['uuid']} was begun {row['times']} times" for row in begun if row["times"] > 1]

    def _forgotten(self) -> list[str]:
        """Where the last call about a socket was acknowledged, the socket is so."""
        owners = {row["number"]: row["project_id"] for row in rows("SELECT number, project_id FROM ports_socket")}
        last = {call.socket: call for call in self.calls}
        told = {call.socket: CALLS if call.adds else None for call in last.values() if call.status == 200}
        return [f"socket {n} was given to {owner}, and belongs to {owners[n]}" for n, owner in told.items() if owners[n] != owner]


def open_operations() -> list[str]:
    """Those that have not ended, in words."""
    return [f"{row['kind']} {row['uuid']} of project {row['project_id']} is {row['state']}" for row in rows(OPEN)]
