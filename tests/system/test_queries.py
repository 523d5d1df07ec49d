"""How many queries a list of containers takes; the engine's part in it is real."""

from collections.abc import Iterator

import pytest

from tests.system.stack import Stack

PROJECT = 5100
MAKE = f"""
from apps.containers.models import Container
from apps.projects.models import Member, Project
project = Project.objects.create(pk={PROJECT}, closed=True)
Member.objects.create(project=project, user_id=1)
"""
COUNT = f"""
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from apps.containers.models import Container
have = Container.objects.filter(project_id={PROJECT}).count()
Container.objects.bulk_create(
    Container(
        project_id={PROJECT}, name=f"c{{n}}", docker_id=f"{{n:012x}}", ip=f"10.0.{{n >> 8}}.{{n & 255}}",
        created_by=1, cpus=1, memory=1,
    )
    for n in range(have, %d)
)
client = Client(HTTP_AUTHORIZATION="Token %s", SERVER_NAME="localhost")
with CaptureQueriesContext(connection) as queries:
    listed = client.get("/get-project-containers/1/{PROJECT}/").json()["containers"]
print(len(listed), len(queries))
"""
REMOVE = f"""
from apps.containers.models import Container
from apps.projects.models import Project
Container.objects.filter(project_id={PROJECT}).delete()
Project.objects.filter(pk={PROJECT}).delete()
"""


@pytest.fixture
def rows(stack: Stack) -> Iterator[None]:
    stack.orm(MAKE)
    yield
    stack.orm(REMOVE)


def test_a_list_of_a_thousand_containers_takes_as_many_queries_as_one_of_ten(stack: Stack, rows: None) -> None:
    few, many = (stack.orm(COUNT % (number, stack.token)).split() for number in (10, 1000))
    assert (few[0], many[0]) == ("10", "1000")
    assert 0 < int(few[1]) == int(many[1])
