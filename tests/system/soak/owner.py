"""A client that alone changes a project; it calls on when nobody answers, and can be held between two calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import requests

from tests.system.load.client import Client
from tests.system.load.documented import Documented
from tests.system.load.mix import Call, Known, Mix
from tests.system.scene import let_pass
from tests.system.soak.acknowledged import UNANSWERED, Acknowledged, Told

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)  # web was killed: nobody knows whether it was done
PAUSE = 0.3  # seconds until it calls again what is away or broken


class Owner(Client):
    """The only one who changes its project."""

    def __init__(self, token: str, mix: Mix, known: Known, project: int, documented: Documented) -> None:
        super().__init__(token, mix, known, documented)
        self.project = project
        self.acknowledged = Acknowledged(project)
        self.unanswered = 0
        self._broken = False  # the last answer
        self._door, self._turn = Lock(), Lock()

    @property
    def succeeded(self) -> int:
        """How many of its calls."""
        return sum(count for (_, status, _), count in self.answered.items() if status == 200)

    @contextmanager
    def held(self) -> Iterator[None]:
        """It waits for no answer, and calls nothing, until the end of the block."""
        with self._door, self._turn:
            yield

    def make(self, call: Call) -> dict[str, Any]:
        """One call that must succeed; its answer, which is noted as all are."""
        answer = self._send(call)
        assert answer.status == 200, f"{call}: {answer}"
        self._learn(call, (answer.status, ""), answer.body)
        return answer.body

    def _make(self, call: Call) -> None:
        with self._door:  # who holds it is first
            pass
        try:
            with self._turn:
                super()._make(call)
        except LOST:
            self.unanswered += 1
            self._broken = True
            self.acknowledged.hear(call, UNANSWERED, {})
        except (requests.RequestException, ValueError):
            self.acknowledged.hear(call, UNANSWERED, {})
            raise
        if self._broken:
            let_pass(PAUSE)

    def _learn(self, call: Call, told: Told, body: dict[str, Any]) -> None:
        self._broken = told[0] >= 500
        if told[0] >= 400 and told[1] and not (body.get("success") is False and body.get("error")):
            self.complaints.append(f"{call}: it failed without a sentence: {told}, {body}")
        if denial := self.acknowledged.hear(call, told, body):
            self.complaints.append(denial)
        super()._learn(call, told, body)
