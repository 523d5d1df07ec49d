"""How many containers, cores and bytes a project may have; a claim counts from the beginning of its build on."""

import pytest
from pytest_django import Settings

from apps.containers.models import Container
from apps.containers.provisioning import Wanted, claim
from apps.errors import Rejected
from apps.operations.models import State
from apps.projects.models import Project
from tests.integration import rows

pytestmark = pytest.mark.django_db
WANTED = Wanted("", "", "", "FROM debian\n")


@pytest.fixture
def project() -> Project:
    return rows.active_project()


def claimed(project: Project) -> Container:
    """By an operation that waits for its build."""
    return claim(project, WANTED, rows.operation(state=State.WAITING))


def refused(project: Project) -> str:
    with pytest.raises(Rejected) as refusal:
        claimed(project)
    assert refusal.value.code == "quota_exceeded"
    return str(refusal.value)


@pytest.mark.parametrize(
    ("quota", "value", "said"),
    [
        ("containers", 2, "quota of containers, 2;"),
        ("cpus", 2.5, "quota of CPU cores, 2.5;"),
        ("memory", 2**30, "quota of memory in bytes, 1073741824;"),
    ],
)  # fmt: skip
def test_a_third_container_is_one_too_many(project: Project, settings: Settings, quota: str, value: float, said: str) -> None:
    setattr(settings, f"NETMANAGER_QUOTA_{quota.upper()}", value)
    claimed(project), claimed(project)
    assert said in refused(project)
    assert project.containers.count() == 2


@pytest.mark.parametrize("quota", ["containers", "cpus", "memory"])
def test_the_projects_own_quota_goes_before_the_default(project: Project, settings: Settings, quota: str) -> None:
    setattr(settings, f"NETMANAGER_QUOTA_{quota.upper()}", 2**40)
    Project.objects.update(**{f"quota_{quota}": 0.5})
    refused(project)


def test_containers_of_others_do_not_count(project: Project, settings: Settings) -> None:
    settings.NETMANAGER_QUOTA_CONTAINERS = 1
    rows.container(rows.active_project(8, 43), ip="10.80.43.128")
    assert claimed(project).name == "container-1"


def test_the_limits_of_a_container_are_those_of_the_day_it_was_made(project: Project, settings: Settings) -> None:
    settings.NETMANAGER_CONTAINER_CPUS, settings.NETMANAGER_CONTAINER_MEMORY = 0.25, 2**20
    container = claimed(project)
    assert (container.cpus, container.memory) == (0.25, 2**20)


def test_a_name_is_taken_as_soon_as_its_build_begins(project: Project) -> None:
    first = claimed(project)
    with pytest.raises(Rejected, match="already has a container"):
        claim(project, Wanted(first.name, "debian", ""), rows.operation(state=State.WAITING))
