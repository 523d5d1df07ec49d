"""A backup is all that a fresh host needs, beside the settings: every project is there again, as it was."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab, standing_lab
from tests.system.stack import DATABASE, INSTANCE, VAR, Stack, postgres, run
from tests.system.staff import Staff
from tests.system.state import differences
from tests.system.state.facts import OURS, rows

HERE, THERE = 5101, 5102
SOCKETS = 4
SOCKET_OF = {HERE: 1, THERE: 3}
DOCKERFILE = f'FROM {INSTANCE}-default:latest\nRUN echo {{}} >/etc/built-as\nCMD ["sleep", "infinity"]\n'


@pytest.fixture
def lab(stack: Stack) -> Iterator[Lab]:
    """A room with a laptop in each of two projects, which have containers of the catalogue and of a Dockerfile."""
    with standing_lab(stack, SOCKETS) as standing:
        try:
            for project, socket in SOCKET_OF.items():
                stack.new_container(project, "web")
                built = stack.build(f"/new-container/1/{project}/", DOCKERFILE.format(project), name="built")
                assert built.status == 200, built
                stopped = stack.new_container(project, "stopped")["docker_id"]
                assert stack.post(f"/stop-container/1/{stopped}/").status == 200
                standing.join(socket, project)
            yield standing
        finally:
            stack.up()
            stack.delete_projects(*SOCKET_OF)


@dataclass(frozen=True)
class Kept:
    """What callers and staff know, and find again."""

    networks: list[dict[str, Any]]
    containers: list[list[dict[str, str]]]
    members: list[list[int]]
    catalogue: dict[str, dict[str, str]]
    token: str

    @classmethod
    def now(cls, stack: Stack, staff: Staff) -> Self:
        containers = [stack.get(f"/get-project-containers/1/{project}/").body["containers"] for project in SOCKET_OF]
        for container in (container for listed in containers for container in listed):
            del container["docker_id"], container["image"]  # a new container has a new id, and a new build a new name
            container["status"] = "running" if container["status"] == "running" else "stopped"  # made, not run: `created`
        return cls(
            networks=[stack.post(f"/create-bridge/1/{project}/").body for project in SOCKET_OF],
            containers=containers,
            members=[stack.get(f"/projects/{project}/members/").body["members"] for project in SOCKET_OF],
            catalogue=staff.rows("containers/image/"),
            token=stack.token,
        )


def _reaches_all(lab: Lab, project: int) -> bool:
    """Whether the project's laptop reaches its containers by name."""
    return all(lab.pings(SOCKET_OF[project], name) for name in ("router", "web", "built"))


def _nothing_is_under_way() -> bool:
    return postgres("SELECT count(*) FROM operations_operation WHERE finished IS NULL", DATABASE) == "0\n"


def test_every_project_is_built_anew_on_a_fresh_host(stack: Stack, lab: Lab, tmp_path: Path) -> None:
    password = VAR / "admin.password"
    known, before = password.read_text(), Kept.now(stack, Staff.logged_in())
    assert [[(c["container_name"], c["status"]) for c in listed] for listed in before.containers] == [
        [("built", "running"), ("stopped", "stopped"), ("web", "running")] for _ in SOCKET_OF
    ]
    ids = rows(f"SELECT docker_id FROM containers_container WHERE project_id IN {tuple(SOCKET_OF)}")
    backup = tmp_path / "backup"
    stack.manage("backup", str(backup))
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    stack.purge()
    assert stack.docker("ps", "-aq") == ""
    assert stack.docker("images", "-q", "--filter", OURS) == ""

    password.write_text(known)  # that of the superuser, whom the backup has
    stack.up(RESTORE=str(backup))
    stack.command("lab", "up", "--sockets", str(SOCKETS))
    run(".venv/bin/python", "manage.py", "reconcile", check=False, env=stack.environment)  # a worker may go on with some of it
    wait_until(_nothing_is_under_way, "all is repaired", 120)
    wait_until(lambda: differences(stack) == [], "the host is as the database has it")
    for project, socket in SOCKET_OF.items():
        lab.room.dhcp(socket, 30)
        assert _reaches_all(lab, project)
        assert stack.inside(project, "built", "cat", "/etc/built-as").stdout == f"{project}\n"
        assert stack.manage("reconcile", "--dry-run", "--project", str(project)) == ""  # others may change the host meanwhile
    assert Kept.now(stack, Staff.logged_in()) == before
    answers = [stack.get(f"/get-container-info/1/{row['docker_id']}/") for row in ids]
    assert {answer.body["code"] for answer in answers} == {"container_replaced"}


def test_a_host_that_has_rows_takes_no_backup_and_stays_as_it_is(stack: Stack, project: int, tmp_path: Path) -> None:
    stack.new_container(project, "web")
    backup = tmp_path / "backup"
    stack.manage("backup", str(backup))
    before = stack.get(f"/get-project-containers/1/{project}/")
    with pytest.raises(AssertionError, match="The database is not empty"):
        stack.manage("restore", str(backup))
    assert stack.get(f"/get-project-containers/1/{project}/") == before
