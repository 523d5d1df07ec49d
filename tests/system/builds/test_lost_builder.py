"""A builder that is killed in the middle of a build: another one removes what it left."""

import os
import signal
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.system.stack import BASE_IMAGE, Stack

BUILDS = f"""FROM {BASE_IMAGE} AS before
RUN echo first >/first
FROM {BASE_IMAGE}
COPY --from=before /first /
RUN head -c 1M /dev/urandom >/second
RUN echo begun; sleep 1000
"""
CLAIMS = "from apps.containers.models import Container; print(list(Container.objects.filter(docker_id='').values_list('name')))"


def kill_builders(stack: Stack) -> None:
    """SIGKILL the worker of the queue `builds` and its processes; supervisord starts it again."""
    worker = int(stack.control("pid", "builds"))
    os.killpg(worker, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{worker}").exists(), "the worker has ended")


def begun(stack: Stack, path: str, **fields: str) -> str:
    operation = stack.submit(path, BUILDS, **fields)
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build is at its last step")
    return operation


def lost(stack: Stack, operation: str) -> None:
    assert stack.ended(operation)["error_code"] == "worker_lost"


def test_of_a_new_container_nothing_is_left_and_its_name_is_free(stack: Stack, project: int, leaves_nothing: object) -> None:
    operation = begun(stack, f"/new-container/1/{project}/", name="web")
    kill_builders(stack)
    lost(stack, operation)
    wait_until(lambda: stack.orm(CLAIMS).strip() == "[]", "its row is gone")


def test_of_an_update_nothing_is_left_and_the_container_runs_on(stack: Stack, project: int, leaves_nothing: object) -> None:
    web = stack.new_container(project, "web")
    operation = begun(stack, f"/update-container/1/{web['docker_id']}/")
    kill_builders(stack)
    lost(stack, operation)
    assert stack.inside(project, "web", "true").returncode == 0


@pytest.mark.parametrize("first", ["swept", "deleted"])
def test_nothing_is_left_when_the_project_is_deleted_meanwhile(
    stack: Stack, project: int, leaves_nothing: object, first: str
) -> None:
    operation = begun(stack, f"/new-container/1/{project}/", name="web")
    kill_builders(stack)
    if first == "swept":
        lost(stack, operation)
    stack.delete_project(project)
    assert stack.ended(operation)["error_code"] in {"worker_lost", "cancelled"}
