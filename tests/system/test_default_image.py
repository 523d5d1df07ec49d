"""The default image: it stays up, and lets a student in by ssh with the password that its log tells."""

import re
import subprocess

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.stack import Stack

TOLD = re.compile(r"^ssh student@(\S+): password (\S{12})$", re.MULTILINE)
ASK = "printf '#!/bin/sh\\necho %s\\n' \"$0\" >/tmp/ask; chmod +x /tmp/ask; export SSH_ASKPASS=/tmp/ask SSH_ASKPASS_REQUIRE=force"
OPTIONS = "-o StrictHostKeyChecking=no -o NumberOfPasswordPrompts=1 -o LogLevel=ERROR"


def _told(stack: Stack, project: int, name: str) -> tuple[str, str]:
    """Name and password in the one line that the container's log holds of them."""
    log = wait_until(lambda: stack.docker("logs", stack.docker_name(project, name)), f"{name} tells its password", 30)
    [told] = TOLD.findall(log)
    return str(told[0]), str(told[1])


def _listens(stack: Stack, project: int, name: str) -> None:
    """Wait until somebody may log in."""
    wait_until(lambda: stack.inside(project, name, "nc", "-z", "127.0.0.1", "22").returncode == 0, f"sshd of {name} listens", 30)


def _logs_in(stack: Stack, project: int, name: str, login: str, password: str) -> subprocess.CompletedProcess[str]:
    """A login from one container of the project at another."""
    return stack.inside(project, name, "sh", "-c", f"{ASK}; ssh {OPTIONS} {login} 'id -un; hostname'", password)


def _host_key(stack: Stack, project: int, name: str) -> str:
    """What the container shows to who logs in; it must be all it has."""
    keys = stack.inside(project, name, "ssh-keyscan", "127.0.0.1").stdout
    [key] = [line.split(" ", 1)[1] for line in keys.splitlines() if not line.startswith("#")]
    return key


def test_a_student_at_a_socket_logs_in_with_the_password_of_the_log_and_owns_the_container(lab: Lab, project: int) -> None:
    lab.stack.new_container(project, "web")
    lab.join(1, project)
    name, password = _told(lab.stack, project, "web")
    assert name == "web"
    _listens(lab.stack, project, "web")
    done = lab.room.laptop(1).ssh("student@web", password, "id -un; hostname; pwd; sudo id -un")
    assert done.stdout.split() == ["student", "web", "/home/student", "root"], done
    wrong = lab.room.laptop(1).ssh("student@web", password + "x", "true")
    assert (wrong.returncode, "Permission denied" in wrong.stderr) == (255, True)


def test_another_container_of_the_project_logs_in_too(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    stack.new_container(project, "db")
    password = _told(stack, project, "web")[1]
    _listens(stack, project, "web")
    assert _logs_in(stack, project, "db", "student@web", password).stdout.split() == ["student", "web"]


@pytest.mark.parametrize("how", ["restart-container", "stop-container start-container"])
def test_password_and_host_key_outlive_a_restart_and_are_told_once(stack: Stack, project: int, how: str) -> None:
    docker_id = stack.new_container(project, "web")["docker_id"]
    stack.new_container(project, "db")
    told = _told(stack, project, "web")
    _listens(stack, project, "web")
    key = _host_key(stack, project, "web")
    for verb in how.split():
        assert stack.post(f"/{verb}/1/{docker_id}/").status == 200
    _listens(stack, project, "web")
    assert _told(stack, project, "web") == told
    assert _host_key(stack, project, "web") == key
    assert _logs_in(stack, project, "db", "student@web", told[1]).stdout.split() == ["student", "web"]


def test_no_two_containers_have_the_same_password_or_host_key(stack: Stack, project: int) -> None:
    names = ("web", "db")
    for name in names:
        stack.new_container(project, name)
        _listens(stack, project, name)
    assert len({_told(stack, project, name)[1] for name in names}) == 2
    assert len({_host_key(stack, project, name) for name in names}) == 2


def test_root_is_not_let_in_by_password(stack: Stack, project: int) -> None:
    for name in ("web", "db"):
        stack.new_container(project, name)
    _listens(stack, project, "web")
    assert stack.inside(project, "web", "sh", "-c", "echo root:known | chpasswd").returncode == 0
    refused = _logs_in(stack, project, "db", "root@web", "known")
    assert (refused.returncode, "Permission denied" in refused.stderr) == (255, True)


def test_a_container_whose_sshd_is_broken_or_ended_stays_up(stack: Stack, project: int) -> None:
    docker_id = stack.new_container(project, "web")["docker_id"]
    _listens(stack, project, "web")
    started = stack.docker("inspect", "-f", "{{.State.StartedAt}}", docker_id)
    harm = "echo Nonsense >>/etc/ssh/sshd_config; kill $(cat /run/sshd.pid)"
    assert stack.inside(project, "web", "sh", "-c", harm).returncode == 0
    assert stack.docker("inspect", "-f", "{{.State.StartedAt}} {{.State.Status}}", docker_id) == f"{started} running"
    assert stack.post(f"/restart-container/1/{docker_id}/").status == 200
    wait_until(lambda: "sshd does not start" in stack.docker("logs", docker_id), "the log tells of it", 30)
    restarts = stack.docker("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", docker_id)
    assert restarts == "0 running"
