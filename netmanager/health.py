"""Whether this process lives (/healthz/) and whether everything it needs answers (/readyz/)."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.db import connections
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations.answers import Answer
from apps.operations.schema import checks
from netmanager import parts

LIMIT = 5.0  # seconds that a part has for its answer

Result = dict[str, Any]


class Check(serializers.Serializer[Any]):
    """How one part answered."""

    ms = serializers.FloatField(help_text="Milliseconds that it took to answer.")
    error = serializers.CharField(required=False, help_text="Why it did not.")


class Checks(serializers.Serializer[Any]):
    """Whether all parts answer."""

    success = serializers.BooleanField()
    checks = serializers.DictField(child=Check(), help_text=f"By name: {', '.join(parts.PARTS)}.")


class Open(APIView):
    """Answers whoever asks, as often as they ask."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()


@extend_schema_view(get=checks({200: Answer}))
class Healthz(Open):
    """Whether the web process lives."""

    def get(self, request: Request) -> Response:
        return Response({"success": True})


@extend_schema_view(get=checks({200: Checks, 503: Checks}))
class Readyz(Open):
    """Whether everything that is needed answers: each part with its time, and its error if it has one."""

    def get(self, request: Request) -> Response:
        deadline = time.monotonic() + LIMIT
        asked = {name: probe.ask() for name, probe in _PROBES.items()}
        answers = {name: _in_time(answer, deadline) for name, answer in asked.items()}
        ready = all("error" not in answer for answer in answers.values())
        return Response({"success": ready, "checks": answers}, status=200 if ready else 503)


class Probe:
    """A question to one part, asked in a thread; while it hangs, whoever asks next waits for the same answer."""

    def __init__(self, name: str, question: Callable[[], object]) -> None:
        self._name, self._question = name, question
        self._lock = threading.Lock()
        self._answer: Future[Result] | None = None

    def ask(self) -> Future[Result]:
        """What will be the answer."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                threading.Thread(target=self._run, args=[self._answer], name=f"ready-{self._name}", daemon=True).start()
            return self._answer

    def _run(self, answer: Future[Result]) -> None:
        begun, error = time.perf_counter(), {}
        try:
            self._question()
        except Exception as failure:  # whatever a service of ours answers, the page must say it
            error = {"error": str(failure) or type(failure).__name__}
        finally:
            connections.close_all()
        answer.set_result({"ms": round((time.perf_counter() - begun) * 1000, 1)} | error)


def _in_time(answer: Future[Result], deadline: float) -> Result:
    try:
        return answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return {"ms": LIMIT * 1000, "error": f"No answer within {LIMIT:g} s: it hangs."}


_PROBES = {name: Probe(name, question) for name, question in parts.PARTS.items()}
