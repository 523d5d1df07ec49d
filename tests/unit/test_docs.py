"""The view of the OpenAPI description: one for all, however many ask, and whatever they add."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from rest_framework.test import APIRequestFactory

from netmanager.docs import Schema, _description

CLIENTS = 8


@pytest.fixture
def threads_alternate() -> Iterator[None]:
    """Threads take turns every few instructions, as on a machine with many cores."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def _get(path: str = "/schema/") -> tuple[int, bytes, str]:
    """(status, body, file name) as the view answers."""
    answer = Schema.as_view()(APIRequestFactory().get(path)).render()
    return answer.status_code, answer.content, answer["Content-Disposition"]


@pytest.mark.usefixtures("threads_alternate")
def test_many_who_ask_at_once_get_the_same() -> None:
    _description.cache_clear()
    ready = Barrier(CLIENTS)

    def ask(_: int) -> list[tuple[int, bytes, str]]:
        ready.wait()
        return [_get() for _ in range(5)]

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = [answer for several in threads.map(ask, range(CLIENTS)) for answer in several]
    assert set(answers) == {_get()}
    assert answers[0][0] == 200


@pytest.mark.parametrize("query", ["version=2", "version=a%0Ab", "lang=pt", "format=json"])
def test_what_a_client_adds_to_the_address_changes_nothing(query: str) -> None:
    assert _get(f"/schema/?{query}") == _get()
