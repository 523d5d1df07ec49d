"""GET /operations/, with its filters and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.operations.models import Operation, State
from tests.integration import rows
from tests.integration.conftest import SERVICE
from tests.integration.requests import refusal

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minutes: float, **columns: Any) -> str:
    """An operation that was asked for so many minutes after noon; its uuid."""
    operation = rows.operation(service=SERVICE, **columns)
    Operation.objects.filter(pk=operation.pk).update(created=NOON + timedelta(minutes=minutes))
    return str(operation.pk)


def listed(api: APIClient, **query: Any) -> list[str]:
    response = api.get("/operations/", query)
    assert response.status_code == 200, response.json()
    return [operation["uuid"] for operation in response.json()["operations"]]


def pages(api: APIClient, path: str | None, towards: str = "next") -> Iterator[list[str]]:
    """The uuids of each page, as a caller follows the links."""
    while path:
        body = api.get(path).json()
        yield [operation["uuid"] for operation in body["operations"]]
        path = body[towards]


def test_there_are_none(api: APIClient) -> None:
    response = api.get("/operations/")
    assert (response.status_code, response.json()) == (200, {"success": True, "operations": [], "next": None, "previous": None})


def test_the_newest_is_first_and_those_of_other_services_are_not_there(api: APIClient) -> None:
    wanted = [at(2), at(3), at(1)]
    rows.operation(service="someone-else")
    assert listed(api) == [wanted[1], wanted[0], wanted[2]]


def test_each_is_shown_as_by_itself_but_for_its_log(api: APIClient) -> None:
    uuid = at(1, state=State.SUCCEEDED, finished=NOON, result={"vlan": 42}, log="Step 1", target="web")
    alone = api.get(f"/operations/{uuid}/").json()["operation"]
    assert alone.pop("log") == "Step 1"
    assert api.get("/operations/").json()["operations"] == [alone]


def test_filters_choose(api: APIClient) -> None:
    a = at(0, project_id=7, user_id=1, kind="new-container", target="web")
    b = at(1, project_id=8, user_id=1, kind="add-port", target="3", state=State.RUNNING)
    c = at(2, project_id=7, user_id=0, kind="set-members", state=State.SUCCEEDED, finished=NOON)
    assert listed(api, project_id=7) == [c, a]
    assert listed(api, user_id=1) == [b, a]
    assert listed(api, user_id=0) == listed(api, kind="set-members") == listed(api, state="SUCCEEDED") == [c]
    assert listed(api, target="3") == listed(api, state="RUNNING") == [b]
    assert listed(api, project_id=7, user_id=1) == [a]
    assert listed(api, kind="delete-bridge") == listed(api, project_id=9) == []


def test_a_time_is_from_the_first_moment_up_to_the_last_and_not_with_it(api: APIClient) -> None:
    a, b, c = at(0), at(1), at(2)
    assert listed(api, created_after="2026-11-24T12:01:00Z") == [c, b]
    assert listed(api, created_before="2026-11-24T13:01:00+01:00") == [a]
    assert listed(api, created_after="2026-11-24 12:00", created_before="2026-11-24T12:02:00Z") == [b, a]


@pytest.mark.parametrize(
    "query",
    [
        "project_id=0", "project_id=abc", "project_id=2147483648", "project_id=", "user_id=-1", "user_id=1.0", "user_id=%00",
        "kind=New", "kind=", "kind=" + "a" * 33, "kind=a%0A", "state=DONE", "state=succeeded", "state=",
        "target=" + "x" * 65, "target=%00", "target=", "created_after=yesterday", "created_before=2026-13-01T00:00:00Z",
        "created_after=%00", "created_after=", "created_after=2026-11-24T12:00:00+01:00", "page_size=0", "page_size=101",
        "page_size=x", "page_size=1.0", "page_size=%D9%A1",
        "page_size=" + "9" * 2000, "cursor=", "cursor=x", "cursor=%C3%A9", "cursor=cD1hYmM%3D",
        "cursor=cD0lMDA%3D", "cursor=bz14", "projectid=7", "cls=1", "self=1", "%00=1", "format=html", "data=1",
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_named(api: APIClient, query: str) -> None:
    at(0)
    code, sentence = refusal(api.get(f"/operations/?{query}"))
    assert code == "invalid"
    assert sentence.startswith(f"{query.partition('=')[0]}: ".replace("%00", "\0"))


@pytest.mark.parametrize(
    "cursor", ["cD0wMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5", "cD05OTk5LTEyLTMxVDIzOjU5OjU5LTIzOjU5", "bz0xMDAw", "cj0x", "cD0="]
)
def test_a_cursor_that_leads_nowhere_breaks_nothing(api: APIClient, cursor: str) -> None:
    at(0)
    assert api.get("/operations/", {"cursor": cursor}).status_code in {200, 400}


def test_every_row_is_on_one_page_although_some_are_of_one_moment_and_new_ones_come(api: APIClient) -> None:
    wanted = [at(minute // 3, project_id=7) for minute in range(10)]
    shown = []
    for page in pages(api, "/operations/?page_size=4&project_id=7"):
        shown += page
        at(60, project_id=7)
        at(-60, project_id=8)
    assert sorted(shown) == sorted(wanted)


def test_pages_lead_back_as_they_led_forth(api: APIClient) -> None:
    for minute in range(10):
        at(minute, project_id=7)
    path: str | None = "/operations/?page_size=4&project_id=7"
    forth = list(pages(api, path))
    assert [len(page) for page in forth] == [4, 4, 2]
    while path:
        body = api.get(path).json()
        path = body["next"]
    assert list(pages(api, body["previous"], "previous")) == forth[-2::-1]


def test_a_page_has_fifty_unless_asked_for_another_size(api: APIClient) -> None:
    for minute in range(101):
        at(minute)
    assert [len(listed(api, **query)) for query in ({}, {"page_size": 100}, {"page_size": 1})] == [50, 100, 1]


def test_links_lead_to_where_the_caller_called(api: APIClient, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["lab.example"]
    for minute in (0, 1):
        at(minute)
    answer = api.get("/operations/?page_size=1&project_id=7", headers={"Host": "lab.example"}, secure=True).json()
    link = urlsplit(answer["next"])
    assert (link.scheme, link.netloc, link.path) == ("https", "lab.example", "/operations/")
    assert "project_id=7" in link.query


def test_a_list_of_a_hundred_takes_as_many_queries_as_one_of_ten(api: APIClient) -> None:
    counts = []
    for number in (10, 1000):
        for minute in range(number - Operation.objects.count()):
            at(minute)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(listed(api, page_size=100)) == min(number, 100)
        counts.append(len(queries))
    assert counts[0] == counts[1]
