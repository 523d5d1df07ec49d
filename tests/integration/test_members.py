"""GET and PUT /projects/{project_id}/members/."""

import time
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.errors import Rejected
from apps.operations.models import Operation
from apps.projects.models import Member, Project
from apps.projects.services import member_admit, members_set
from tests.integration import rows
from tests.integration.conftest import SERVICE
from tests.integration.requests import refusal, refused_and_unwritten
from tests.integration.sessions import PATIENCE, beside

pytestmark = pytest.mark.django_db
PATH = "/projects/7/members/"


def put(api: APIClient, members: Any) -> Any:
    return api.put(PATH, {"members": members}, format="json")


def told(*members: int, closed: bool = True) -> dict[str, Any]:
    return {"success": True, "project_id": 7, "closed": closed, "members": list(members)}


def members() -> list[int]:
    return sorted(Member.objects.filter(project_id=7).values_list("user_id", flat=True))


def test_a_project_that_nobody_has_heard_of_is_open_and_has_none(api: APIClient) -> None:
    response = api.get(PATH)
    assert (response.status_code, response.json()) == (200, told(closed=False))
    assert not Project.objects.exists()


def test_it_lists_those_whom_a_call_named_and_is_open_still(api: APIClient) -> None:
    for user in (3, 1, 2):
        member_admit(user, 7)
    member_admit(9, 8)
    assert api.get(PATH).json() == told(1, 2, 3, closed=False)


def test_without_vouching_every_project_is_closed(api: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_VOUCHING = False
    assert api.get(PATH).json() == told()


def test_who_sets_the_members_closes_the_project_to_all_others(api: APIClient) -> None:
    rows.member(rows.project(8), user_id=5)
    for user in (1, 9):
        member_admit(user, 7)
    response = put(api, [2, 1])
    assert (response.status_code, response.json()) == (200, told(1, 2))
    assert api.get(PATH).json() == told(1, 2)
    assert refusal(api.post("/create-bridge/9/7/"))[0] == "not_a_member"
    assert Member.objects.get(project=8).user_id == 5
    assert not Project.objects.get(pk=8).closed


def test_a_project_that_is_new_is_made(api: APIClient) -> None:
    assert put(api, [1]).json() == told(1)
    assert Project.objects.get().closed


def test_an_empty_list_closes_it_to_all(api: APIClient) -> None:
    member_admit(1, 7)
    assert put(api, []).json() == told()
    assert refusal(api.post("/create-bridge/1/7/"))[0] == "not_a_member"


def test_twice_is_as_once_and_a_member_who_stays_is_the_same_row(api: APIClient) -> None:
    put(api, [1, 2])
    before = Member.objects.get(user_id=1)
    assert put(api, [1, 3, 1, 3]).json() == put(api, [3, 1]).json() == told(1, 3)
    assert Member.objects.get(user_id=1) == before


def test_a_form_says_the_same_as_json(api: APIClient) -> None:
    for content_type, body in (
        ("application/x-www-form-urlencoded", "members=2&members=1"),
        ("multipart/form-data; boundary=x", "".join(
            f'--x\r\nContent-Disposition: form-data; name="members"\r\n\r\n{user}\r\n' for user in (1, 2)) + "--x--\r\n"),
    ):  # fmt: skip
        assert api.generic("PUT", PATH, body, content_type=content_type).json() == told(1, 2)


def test_it_stands_in_the_audit_log_as_done(api: APIClient) -> None:
    put(api, [2, 1])
    done = Operation.objects.get()
    assert (done.kind, done.project_id, done.user_id, done.service) == ("set-members", 7, 0, SERVICE)
    assert (done.state, done.ended, done.request) == ("SUCCEEDED", True, {"members": [1, 2]})
    shown = api.get(f"/operations/{done.pk}/").json()["operation"]
    assert {"success": True, **shown["result"]} == told(1, 2)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ([1, 0], "0 is"), ([-1], "-1 is"), ([2**31], "2147483648 is"), ([10**300], "1000000000"), ([1.0], "1.0 is"),
        (["a"], "'a' is"), ([True], "True is"), ([None], "null"), ([[1]], "[1] is"), ([{"id": 1}], "{'id': 1} is"),
        (["1\0"], r"'1\x00' is"), (["x" * 100_000], "'xxxx"), ("1", "Expected a list"), (1, "Expected a list"),
        (None, "null"), ({"1": 1}, "Expected a list"), ([*range(1, 10_002)], "at most 10000"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_users_is_refused_by_name(api: APIClient, wrong: Any, named: str) -> None:
    code, sentence = refused_and_unwritten(put(api, wrong))
    assert code == "invalid"
    assert sentence.startswith("members: ")
    assert named in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[1, 2]",
        '"x"',
        "null",
        "{",
        "[" * 100_000,
        '{"members": ' + "[" * 100_000,
        "1" * 5000,
        r'{"members": ["\ud800"]}',
    ],
)
def test_a_body_that_names_no_members_is_refused(api: APIClient, body: str) -> None:
    refused_and_unwritten(api.generic("PUT", PATH, body, content_type="application/json"))


@pytest.mark.parametrize("body", ["", "members=", "members=1&members=a", "members=1%00", "member=1"])
def test_a_form_that_names_no_members_is_refused(api: APIClient, body: str) -> None:
    code, sentence = refused_and_unwritten(api.generic("PUT", PATH, body, content_type="application/x-www-form-urlencoded"))
    assert (code, "members: " in sentence) == ("invalid", True)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_that_is_too_large_is_refused_as_that(api: APIClient, content_type: str) -> None:
    response = api.generic("PUT", PATH, '{"members": [' + "1," * 1_500_000 + "1]}", content_type=content_type)
    assert refused_and_unwritten(response, 413)[0] == "too_large"


def test_ten_thousand_members_are_taken(api: APIClient) -> None:
    assert put(api, [*range(1, 10_001)]).json() == told(*range(1, 10_001))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_the_members_at_once_one_is_the_last() -> None:
    first, second = [*range(1, 200)], [*range(100, 300)]
    for _ in range(10):
        with beside() as start:
            done = [start(lambda users=users: members_set(SERVICE, 7, users)) for users in (first, second)]  # type: ignore[misc]
        assert [result.result()["members"] for result in done] == [first, second]
        assert members() in (first, second)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_who_is_vouched_for_while_the_members_are_set_is_no_member_afterwards(known: bool) -> None:
    if known:
        rows.project()
    with beside() as start:
        with transaction.atomic():
            members_set(SERVICE, 7, [1])
            admitted = start(lambda: member_admit(9, 7))
            wait_until_one_waits()
        with pytest.raises(Rejected) as refused:
            admitted.result(PATIENCE)
    assert refused.value.code == "not_a_member"
    assert members() == [1]


def wait_until_one_waits() -> None:
    """Return once a session waits for what this one holds."""
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        while cursor.execute(waiting) or cursor.fetchone() != (True,):
            assert time.monotonic() < deadline, "nobody waits"
