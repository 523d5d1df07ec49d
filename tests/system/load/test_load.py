"""50 clients do everything over 10 projects at once: nobody gets an answer that is not documented, and nothing is left over.

NETMANAGER_LOAD_SECONDS sets for how long (`make soak`: 300), NETMANAGER_LOAD_SEED what they do.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.load import leftovers, projects
from tests.system.load.client import PATIENCE, Client
from tests.system.load.mix import Known, Mix
from tests.system.stack import Stack
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
    projects.enter(lab.stack, PROJECTS, CONTAINERS)
    yield lab
    projects.delete(lab.stack, PROJECTS)


def _run(stack: Stack) -> list[Client]:
    """What the clients have to tell; they all must come to an end."""
    known = Known()
    with ThreadPoolExecutor(len(PROJECTS)) as pool:  # so that there is something to change from the start
        made = pool.map(lambda project: stack.new_container(project, "web"), PROJECTS)
        known.containers = {project: {container["docker_id"]} for project, container in zip(PROJECTS, made, strict=True)}
    clients = [Client(stack.token, Mix(f"{SEED}-{number}", PROJECTS, SOCKETS, known), known) for number in range(CLIENTS)]
    projects.end(clients, projects.start(clients, SECONDS), SECONDS)
    return clients


def test_fifty_clients_do_everything_at_once_and_nothing_breaks_or_is_left(ten: Lab) -> None:
    stack, logs, layers = ten.stack, leftovers.logs(), leftovers.layers(ten.stack)
    clients = _run(stack)
    answered = projects.answered(clients)
    complaints = [complaint for client in clients for complaint in client.complaints]
    assert not complaints, "\n".join(complaints)
    wait_until(lambda: not rows(OPEN), "what was asked for without waiting ends", PATIENCE)
    assert rows(BROKEN) == []
    wait_until(lambda: not differences(stack), f"all agree: {differences(stack)}", 10)
    succeeded = {endpoint for endpoint, status, _ in answered if status == 200}
    assert {endpoint for endpoint, _, _ in answered} - succeeded == set(), "the control: each has worked"
    projects.delete(stack, PROJECTS)
    assert differences(stack) == []
    wait_until(lambda: leftovers.layers(stack) <= layers, "nothing of builds that failed or were cancelled is left", 20)
    assert leftovers.tracebacks(logs) == []
