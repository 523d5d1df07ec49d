"""Ends the builds of a project whose network is to go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q

from apps.errors import Broken, Rejected
from apps.operations.execution import fail
from apps.operations.locks import builds_lease
from apps.operations.models import State, Step

PATIENCE = timedelta(seconds=60)  # a builder looks once a second whether its build is still wanted


@contextmanager
def builds_ended(project_id: int) -> Iterator[None]:
    """No build of the project goes on or begins inside the block: those that wait or run fail as `cancelled`."""
    failure = Rejected("cancelled", f"The network of project {project_id} was deleted while its image was built.")
    fail(Q(project_id=project_id, step=Step.BUILD, state__in=(State.WAITING, State.RUNNING)), failure)
    with builds_lease(project_id, wait=PATIENCE) as lease:
        if lease is None:
            raise Broken("build_hangs", f"A build of project {project_id} does not end; see the log of the builders.")
        yield
