"""Projects of user 1, and many clients of theirs."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Thread

from tests.system.load.client import PATIENCE, Answered, Client
from tests.system.load.mix import USER
from tests.system.stack import Stack


def enter(stack: Stack, projects: Iterable[int], containers: int) -> None:
    """Rows of projects that may have so many containers, and no network yet."""
    numbers = list(projects)
    stack.orm(
        "from apps.projects.models import Member, Project;"
        f"Project.objects.bulk_create(Project(pk=n, quota_containers={containers}) for n in {numbers});"
        f"Member.objects.bulk_create(Member(project_id=n, user_id={USER}) for n in {numbers})"
    )


def delete(stack: Stack, projects: Iterable[int]) -> None:
    """Their networks, with all that is in them."""
    stack.delete_projects(*projects)


def start(clients: Sequence[Client], seconds: float) -> list[Thread]:
    """All of them call for so long, each in a thread of its own."""
    until = time.monotonic() + seconds
    threads = [Thread(target=client.run, args=[number, until], daemon=True) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    return threads


def end(clients: Sequence[Client], threads: Iterable[Thread], seconds: float) -> None:
    """They must all come to an end: in so many seconds from now their time is up, and then they wait for one answer each."""
    until = time.monotonic() + seconds + PATIENCE
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    assert [client.now for client in clients if client.now] == [], "they wait still"


def answered(clients: Iterable[Client]) -> Answered:
    """How often each endpoint has answered what, in all; printed, too."""
    total = sum((client.answered for client in clients), Counter[tuple[str, int, str]]())
    print(*(f"{count:5} {endpoint} {status} {code}" for (endpoint, status, code), count in sorted(total.items())), sep="\n")
    return total
