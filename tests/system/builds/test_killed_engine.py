"""An engine that is killed in the middle of a step, and the builder with it: the step's container is found and removed."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.system.repairs.reconciling import dry_run
from tests.system.stack import BASE_IMAGE, INSTANCE, ROOT, Stack

SLEEPS = "RUN echo begun; sleep 1000\n"
OWN_IMAGE = """
from pathlib import Path
from apps import host
from apps.operations.locks import own_builds
with own_builds():
    host.engine.build_image(Path({0!r}), "{1}-slow:latest", host.names.owner(), {2!r})
"""


@pytest.fixture
def killed(stack: Stack) -> Iterator[Callable[[], None]]:
    """Kill engine and builder at one moment, and start the engine alone. The builder starts after the test.

    The builder is halted first. An engine that outlives it cancels the build; a builder that outlives the engine cleans up.
    """

    def kill() -> None:
        worker = int(stack.control("pid", "builds"))
        os.killpg(worker, signal.SIGSTOP)
        stack.dockerd.kill()
        with ThreadPoolExecutor() as pool:
            stopped = pool.submit(stack.control, "stop", "builds")
            wait_until(lambda: "builds" not in stack.running(), "supervisord will not start it again")
            os.killpg(worker, signal.SIGKILL)
            stopped.result()
        stack.dockerd.start()

    yield kill
    stack.control("start", "builds")


def begun(stack: Stack, project: int, more: str = "") -> str:
    """A build that does not end; the uuid of its operation."""
    operation = stack.submit(f"/new-container/1/{project}/", f"FROM {BASE_IMAGE}\n{more}{SLEEPS}", name="web")
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build is at its last step")
    return operation


def step(stack: Stack, origin: str) -> str:
    """Name of the container of a build's step: of a project, or in the host's network."""
    names = stack.docker("ps", "-a", "--format", "{{.Names}}", "--filter", f"network={origin}").split()
    [name] = [name for name in names if "-" not in name]
    return name


def reported_steps(stack: Stack) -> list[str]:
    """What reconcile tells of steps; of the firewall it may tell, too, since tests beside this one make networks of the host."""
    return [line for line in dry_run(stack) if ": step " in line]


def containers(stack: Stack) -> list[str]:
    return stack.docker("ps", "-a", "--format", "{{.Names}}").split()


@pytest.fixture
def own_build(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """Name of the step's container of an image of our own whose build does not end."""
    (tmp_path / "Dockerfile").write_text(f"ARG BASE_IMAGE\nFROM $BASE_IMAGE\n{SLEEPS}")
    code = OWN_IMAGE.format(str(tmp_path), INSTANCE, BASE_IMAGE)
    command = [".venv/bin/python", "manage.py", "shell", "-c", code]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | stack.environment, stderr=subprocess.DEVNULL) as builder:
        wait_until(lambda: "sleep 1000" in stack.docker("ps", "--no-trunc"), "the build is at its last step")
        yield step(stack, "host")
        builder.kill()


def test_the_next_builder_removes_it(stack: Stack, project: int, leaves_nothing: object, killed: Callable[[], None]) -> None:
    operation = begun(stack, project)
    left = step(stack, f"{INSTANCE}-p{project}")
    killed()
    assert left in containers(stack)
    stack.control("start", "builds")
    assert stack.ended(operation)["error_code"] == "worker_lost"


def test_delete_bridge_removes_it(stack: Stack, project: int, leaves_nothing: object, killed: Callable[[], None]) -> None:
    begun(stack, project)
    left = step(stack, f"{INSTANCE}-p{project}")
    killed()
    assert left in containers(stack)
    stack.delete_project(project)
    assert left not in containers(stack)


def test_delete_bridge_removes_it_where_its_network_was_removed(
    stack: Stack, project: int, leaves_nothing: object, killed: Callable[[], None]
) -> None:
    begun(stack, project)
    left = step(stack, f"{INSTANCE}-p{project}")
    killed()
    stack.docker("rm", "-f", f"{INSTANCE}-p{project}-router")
    stack.docker("network", "rm", f"{INSTANCE}-p{project}")
    stack.delete_project(project)
    assert left not in containers(stack)


def test_reconcile_reports_and_removes_it_and_not_that_of_a_build_under_way(
    stack: Stack, project: int, leaves_nothing: object, killed: Callable[[], None], own_build: str
) -> None:
    begun(stack, project)
    left = step(stack, f"{INSTANCE}-p{project}")
    assert reported_steps(stack) == []
    killed()
    assert reported_steps(stack) == [
        f"host: step {own_build}: a build of {INSTANCE}-slow left its container",
        f"project {project}: step {left}: a build of {INSTANCE}-p{project} left its container",
    ]
    stack.command("reconcile")
    assert reported_steps(stack) == []
    assert {left, own_build}.isdisjoint(containers(stack))
    stack.docker("image", "prune", "-f", "--filter", f"label=netmanager.instance={INSTANCE}")  # layers of our own images stay


def test_one_that_carries_anothers_label_goes_with_its_own_project(
    stack: Stack, project: int, other: int, leaves_nothing: object, killed: Callable[[], None]
) -> None:
    begun(stack, project, f"LABEL netmanager.build={other} netmanager.instance={INSTANCE}\n")
    begun(stack, other, f"LABEL netmanager.build={project} netmanager.instance=x\n")
    forged, theirs = (step(stack, f"{INSTANCE}-p{number}") for number in (project, other))
    killed()
    stack.delete_project(other)
    assert (forged in containers(stack), theirs in containers(stack)) == (True, False)
    stack.delete_project(project)
    assert forged not in containers(stack)


def test_a_build_that_carries_anothers_label_goes_on_while_the_others_network_is_deleted(
    stack: Stack, project: int, other: int, leaves_nothing: object
) -> None:
    operation = begun(stack, project, f"LABEL netmanager.build={other} netmanager.instance={INSTANCE}\n")
    stack.new_container(other, "web")
    stack.delete_project(other)
    assert stack.operation(operation)["state"] == "RUNNING"
    assert step(stack, f"{INSTANCE}-p{project}") in containers(stack)
    stack.delete_project(project)


def test_purge_removes_it_and_layers_and_leaves_what_others_run_and_build(
    stack: Stack, killed: Callable[[], None], own_build: str
) -> None:
    begun(stack, 6101, "LABEL netmanager.instance=x\n")
    left = step(stack, f"{INSTANCE}-p6101")
    killed()
    labels = ("--label", f"netmanager.instance={INSTANCE}", "--label", "netmanager.build=6101")
    stack.docker("run", "-d", "--name", "somebody", "--network", "host", *labels, BASE_IMAGE, "sleep", "infinity")
    try:
        assert {left, own_build} <= set(containers(stack))
        assert f"Nothing of instance {INSTANCE} is left" in stack.purge()
        assert containers(stack) == ["somebody"]
        assert stack.docker("images", "-aq", "--filter", "label=netmanager.instance") == ""
    finally:
        stack.docker("rm", "-f", "somebody")
        stack.up()
