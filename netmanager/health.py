"""Whether this process lives (/healthz/) and whether everything it needs answers (/readyz/)."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.db import connections
from django.http import HttpRequest, JsonResponse

from netmanager import parts

LIMIT = 5.0  # seconds that a part has for its answer

Answer = dict[str, Any]


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"success": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if all parts answer, else 503; each with its time in milliseconds, and its error if it has one."""
    deadline = time.monotonic() + LIMIT
    asked = {name: probe.ask() for name, probe in _PROBES.items()}
    checks = {name: _in_time(answer, deadline) for name, answer in asked.items()}
    ready = all("error" not in check for check in checks.values())
    return JsonResponse({"success": ready, "checks": checks}, status=200 if ready else 503)


class Probe:
    """A question to one part, asked in a thread; while it hangs, whoever asks next waits for the same answer."""

    def __init__(self, name: str, question: Callable[[], object]) -> None:
        self._name, self._question = name, question
        self._lock = threading.Lock()
        self._answer: Future[Answer] | None = None

    def ask(self) -> Future[Answer]:
        """What will be the answer."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                threading.Thread(target=self._run, args=[self._answer], name=f"ready-{self._name}", daemon=True).start()
            return self._answer

    def _run(self, answer: Future[Answer]) -> None:
        begun, error = time.perf_counter(), {}
        try:
            self._question()
        except Exception as failure:  # whatever a service of ours answers, the page must say it
            error = {"error": str(failure) or type(failure).__name__}
        finally:
            connections.close_all()
        answer.set_result({"ms": round((time.perf_counter() - begun) * 1000, 1)} | error)


def _in_time(answer: Future[Answer], deadline: float) -> Answer:
    try:
        return answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return {"ms": LIMIT * 1000, "error": f"No answer within {LIMIT:g} s: it hangs."}


_PROBES = {name: Probe(name, question) for name, question in parts.PARTS.items()}
