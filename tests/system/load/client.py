"""A client that calls until its time is up, and notes what it was answered and what was wrong about it."""

import time
from collections import Counter
from typing import Any

import requests

from tests.system.load.documented import DOCUMENTED, GONE, OK, Documented
from tests.system.load.mix import Call, Known, Mix
from tests.system.stack import LISTEN, Answer

PATIENCE = 240  # seconds for an answer: what is under way must come to an end
HANGS_UP, REPEATS, ASYNC = 0.1, 0.1, 0.1  # how often a client does so, where the call is one that changes something
Answered = Counter[tuple[str, int, str]]  # how often by endpoint, status and code


class Client:
    """Somebody with a token; `complaints` are sentences on answers that should not have been."""

    def __init__(self, token: str, mix: Mix, known: Known, documented: Documented = DOCUMENTED) -> None:
        self._headers = {"Authorization": f"Token {token}"}
        self._mix, self._known, self._documented = mix, known, documented
        self._session = requests.Session()
        self._number = 0
        self.answered: Answered = Counter()
        self.complaints: list[str] = []
        self.now: Call | None = None  # what it waits for

    def run(self, number: int, until: float) -> None:
        """Begin with the call of this number, and go on until the moment (of time.monotonic()) has come."""
        self.now = self._mix.first(number)
        while time.monotonic() < until:
            try:
                self._make(self.now)
            except (requests.RequestException, ValueError) as error:
                self.complaints.append(f"{self.now}: {error!r}")
            self.now = self._mix.next()
        self.now = None

    def _make(self, call: Call) -> None:
        if call.method != "POST":
            self._judge(call, self._send(call))
            return
        chance, headers = self._mix.random.random(), {"Idempotency-Key": self._key()}
        if chance < HANGS_UP:
            self._hang_up(call, headers)
        if chance < HANGS_UP + REPEATS:
            first, second = self._send(call, headers), self._send(call, headers)
            if first.status == 200 and first != second and second.status < 500:  # what was refused at the door is asked anew
                self.complaints.append(f"{call}: a repeat was answered {second}, and the first {first}")
            self._judge(call, second)
        elif chance < HANGS_UP + REPEATS + ASYNC:
            self._judge(call, self._send(call, {"Prefer": "respond-async"}))
        else:
            self._judge(call, self._send(call))

    def _key(self) -> str:
        self._number += 1
        return f"load-{id(self)}-{self._number}-{time.time_ns()}"

    def _hang_up(self, call: Call, headers: dict[str, str]) -> None:
        """Send it, and be gone before it is answered (or not: it may be quick)."""
        try:
            self._send(call, headers, 0.05 + self._mix.random.random() / 4)
        except requests.Timeout:
            self._session.close()

    def _send(self, call: Call, headers: dict[str, str] | None = None, patience: float = PATIENCE) -> Answer:
        parts: dict[str, Any] = {name: (None, value) for name, value in call.fields.items()}
        if call.dockerfile is not None:
            parts["dockerfile"] = ("Dockerfile", call.dockerfile)
        answer = self._session.request(
            call.method, f"http://{LISTEN}{call.path}", files=parts or None, headers=self._headers | (headers or {}),
            timeout=(30, patience),
        )  # fmt: skip
        return Answer(answer.status_code, answer.json() if "json" in answer.headers["Content-Type"] else {})

    def _judge(self, call: Call, answer: Answer) -> None:
        told = (answer.status, str(answer.body.get("code", "")))
        self.answered[call.endpoint, *told] += 1
        if told not in self._documented[call.endpoint]:
            self.complaints.append(f"{call}: {answer}")
        self._learn(call, told, answer.body)

    def _learn(self, call: Call, told: tuple[int, str], body: dict[str, Any]) -> None:
        """Note for all what an answer tells of containers and operations."""
        words = call.path.split("/")
        if told in GONE or call.endpoint in ("remove-container", "update-container"):
            self._known.forget(words[3])
        elif call.endpoint == "get-project-containers" and told == OK:
            self._known.containers[int(words[3])] = {container["docker_id"] for container in body["containers"]}
        elif call.endpoint == "new-container" and told == OK:
            self._known.containers.setdefault(int(words[3]), set()).add(body["docker_id"])
        elif call.endpoint == "delete-bridge":
            self._known.containers.pop(int(words[3]), None)
        if operation := body.get("operation"):
            self._known.operations.append(operation if isinstance(operation, str) else operation["uuid"])
