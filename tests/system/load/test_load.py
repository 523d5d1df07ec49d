"""50 clients do everything over 10 projects at once: nobody gets an answer that is not documented, and nothing is left over.

NETMANAGER_LOAD_SECONDS sets for how long (`make soak`: 300), NETMANAGER_LOAD_SEED what they do.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.load.client import PATIENCE, Client
from tests.system.load.mix import Known, Mix
from tests.system.stack import VAR, Stack
from tests.system.state import differences
from tests.system.state.facts import rows

SECONDS = float(os.environ.get("NETMANAGER_LOAD_SECONDS", "30"))
SEED = os.environ.get("NETMANAGER_LOAD_SEED", "0")
CLIENTS = 50
PROJECTS = range(8001, 8011)
SOCKETS = range(1, 7)
CONTAINERS = 3  # of a project
OPEN = "SELECT kind FROM operations_operation WHERE state NOT IN ('SUCCEEDED', 'FAILED')"
BROKEN = f"SELECT kind, error FROM operations_operation WHERE operators AND project_id IN {tuple(PROJECTS)}"


@pytest.fixture
def ten(lab: Lab) -> Iterator[Lab]:
    """Ten projects of few containers each; deleted after the test, whatever became of it."""
    lab.stack.orm(
        "from apps.projects.models import Member, Project;"
        f"Project.objects.bulk_create(Project(pk=n, quota_containers={CONTAINERS}) for n in {PROJECTS});"
        f"Member.objects.bulk_create(Member(project_id=n, user_id=1) for n in {PROJECTS})"
    )
    yield lab
    _delete(lab.stack)


def _delete(stack: Stack) -> None:
    for project in PROJECTS:
        stack.delete_project(project)


def _layers(stack: Stack) -> set[str]:
    """Images that have no name, and on which nothing is built."""
    return set(stack.docker("images", "-q", "--no-trunc", "--filter", "dangling=true").split())


def _logs() -> dict[str, int]:
    return {str(log): log.stat().st_size for log in (VAR / "log").glob("*.log")}


def _tracebacks(before: dict[str, int]) -> list[str]:
    """What our processes have written since of exceptions that nobody expected."""
    found = []
    for log in (VAR / "log").glob("*.log"):
        with log.open(errors="replace") as file:
            file.seek(before.get(str(log), 0))
            found += [f"{log.name}: {part[:2000]}" for part in file.read().split("Traceback (most recent call last)")[1:]]
    return found


def _run(stack: Stack) -> list[Client]:
    """What the clients have to tell; they all must come to an end."""
    known = Known()
    with ThreadPoolExecutor(len(PROJECTS)) as pool:  # so that there is something to change from the start
        made = pool.map(lambda project: stack.new_container(project, "web"), PROJECTS)
        known.containers = {project: {container["docker_id"]} for project, container in zip(PROJECTS, made, strict=True)}
    until = time.monotonic() + SECONDS
    clients = [Client(stack.token, Mix(f"{SEED}-{number}", PROJECTS, SOCKETS, known), known) for number in range(CLIENTS)]
    threads = [Thread(target=client.run, args=[number, until], daemon=True) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until + PATIENCE - time.monotonic()))
    assert [client.now for client in clients if client.now] == [], "they wait still"
    return clients


def test_fifty_clients_do_everything_at_once_and_nothing_breaks_or_is_left(ten: Lab) -> None:
    stack, logs, layers = ten.stack, _logs(), _layers(ten.stack)
    clients = _run(stack)
    answered = sum((client.answered for client in clients), Counter[tuple[str, int, str]]())
    print(*(f"{count:5} {endpoint} {status} {code}" for (endpoint, status, code), count in sorted(answered.items())), sep="\n")
    complaints = [complaint for client in clients for complaint in client.complaints]
    assert not complaints, "\n".join(complaints)
    wait_until(lambda: not rows(OPEN), "what was asked for without waiting ends", PATIENCE)
    assert rows(BROKEN) == []
    wait_until(lambda: not differences(stack), f"all agree: {differences(stack)}", 10)
    succeeded = {endpoint for endpoint, status, _ in answered if status == 200}
    assert {endpoint for endpoint, _, _ in answered} - succeeded == set(), "the control: each has worked"
    _delete(stack)
    assert differences(stack) == []
    wait_until(lambda: _layers(stack) <= layers, "nothing of builds that failed or were cancelled is left", 20)
    assert _tracebacks(logs) == []
