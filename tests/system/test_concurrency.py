"""Many calls at once: serial within a project, parallel across projects."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conditions import wait_until
from tests.system.stack import DATABASE, Answer, Stack, postgres

CALLS = 20
EACH = 10  # calls, where there are ten projects
PROJECTS = range(2001, 2011)


@pytest.fixture
def ten(stack: Stack) -> Iterator[range]:
    """Ten projects that nobody has used, deleted after the test."""
    yield PROJECTS
    stack.delete_projects(*PROJECTS)


def _create(stack: Stack, projects: list[int]) -> list[Answer]:
    with ThreadPoolExecutor(len(projects)) as pool:
        return list(pool.map(lambda number: stack.post(f"/new-container/1/{number}/"), projects))


def test_twenty_first_calls_make_one_network_and_twenty_containers(stack: Stack, project: int) -> None:
    answers = _create(stack, [project] * CALLS)
    assert [answer.status for answer in answers] == [200] * CALLS, answers
    assert len({answer.body["ip"] for answer in answers}) == CALLS
    assert len({answer.body["container_name"] for answer in answers}) == CALLS
    labels = ("--filter", f"label=netmanager.project={project}")
    assert len(stack.docker("ps", "-q", *labels).split()) == CALLS + 1
    assert len(stack.docker("network", "ls", "-q", *labels).split()) == 1
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [container["status"] for container in listed] == ["running"] * CALLS


def test_ten_projects_at_once(stack: Stack, ten: range) -> None:
    calls = [number for _ in range(EACH) for number in ten]
    answers = _create(stack, calls)
    assert [answer.status for answer in answers] == [200] * len(calls), answers
    assert len({answer.body["ip"] for answer in answers}) == len(calls)
    for number in ten:
        labels = ("--filter", f"label=netmanager.project={number}")
        assert len(stack.docker("ps", "-q", *labels).split()) == EACH + 1
        assert len(stack.docker("network", "ls", "-q", *labels).split()) == 1
        assert stack.pings(number, "container-1", f"container-{EACH}")


def test_calls_that_wait_for_one_project_do_not_hold_up_another(stack: Stack, project: int, other: int) -> None:
    """While one call of the other project is carried out, hardly any of the busy project's is, though they came first."""
    stack.new_container(project)
    stack.new_container(other)
    finished: list[float] = []

    def busy(_: int) -> None:
        assert stack.post(f"/new-container/1/{project}/").status == 200
        finished.append(time.monotonic())

    with ThreadPoolExecutor(CALLS) as pool:
        busy_calls = [pool.submit(busy, number) for number in range(CALLS)]
        wait_until(lambda: _waiting(project) >= CALLS // 2, "the calls of the busy project wait")
        begun = time.monotonic()
        stack.new_container(other)
        ended = time.monotonic()
        assert _waiting(project) > 0, "the control: some of them wait still"
        for call in busy_calls:
            call.result()
    meanwhile = sum(1 for moment in finished if begun < moment < ended)
    assert meanwhile <= CALLS // 4, f"{meanwhile} of {CALLS} calls of the busy project came first"


def _waiting(project: int) -> int:
    sql = f"SELECT count(*) FROM operations_operation WHERE project_id = {project} AND state = 'WAITING'"
    return int(postgres(sql, DATABASE))
