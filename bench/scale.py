"""How long a change of one socket takes to be applied, by the number of sockets that others have on the switch."""

import itertools
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from apps.ports.models import APPLIED_CHANNEL, Socket, Switch
from apps.projects.models import Project, Status
from bench.measure import Contender, interleave, report
from bench.ours import DATABASE, PROJECT, Ours
from bench.room import SOCKETS, VLAN
from lab.errors import LabError
from lab.shell import wait_until

SIZES = (4, 48, 480)
OTHERS_EACH = 4  # sockets of each other project
TOGGLED = 4  # the socket that is moved in and out
LIMIT = 10.0  # seconds
TURNS = 3  # rounds are spread over so many passes over the sizes


def run(ours: Ours, rounds: int) -> None:
    """Measure and print."""
    contenders = [Contender(f"of {size} sockets of the switch", _toggle) for size in SIZES]
    inside: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(TURNS):
        for size, contender in zip(SIZES, contenders, strict=True):
            with _sockets(size):
                before = ours.metric("apply_seconds_sum"), ours.metric("apply_seconds_count")
                interleave([contender], max(2, rounds // TURNS), warm_up=2)
                after = ours.metric("apply_seconds_sum"), ours.metric("apply_seconds_count")
                inside[size].append((after[0] - before[0]) / (after[1] - before[1]))
    report("One socket's row changed, until `applied` is told; its project has 3 others", contenders[::-1])
    means = {size: sum(readings) / len(readings) * 1000 for size, readings in inside.items()}
    first = means[SIZES[0]]
    print(
        "  netmanager_apply_seconds, mean: "
        + ", ".join(f"{size}: {mean:.1f} ms ({mean / first:.2f})" for size, mean in means.items())
    )


@contextmanager
def _sockets(size: int) -> Iterator[None]:
    """The switch with so many sockets: the first four are one project's, the others of others; then as it was."""
    switch = Switch.objects.using(DATABASE).get()
    mine = Project.objects.using(DATABASE).get(pk=PROJECT)
    ports = range(OTHERS_EACH + 1, size + 1)
    others = [
        Project(pk=PROJECT + 1 + number, vlan=VLAN + 1 + number, status=Status.ACTIVE)
        for number in range(len(ports) // OTHERS_EACH)
    ]
    try:
        Socket.objects.using(DATABASE).filter(number__gt=OTHERS_EACH).delete()
        Project.objects.using(DATABASE).bulk_create(others)
        Socket.objects.using(DATABASE).bulk_create(
            Socket(number=port, switch=switch, of_port=port, project=others[index // OTHERS_EACH])
            for index, port in enumerate(ports)
        )
        wait_until(lambda: _applied() == size, f"{size} sockets are not applied.", 30)
        yield
    finally:
        Socket.objects.using(DATABASE).filter(number__gt=OTHERS_EACH).delete()
        Project.objects.using(DATABASE).exclude(pk=PROJECT).delete()
        Socket.objects.using(DATABASE).bulk_create(
            Socket(number=port, switch=switch, of_port=port, project=mine) for port in range(OTHERS_EACH + 1, SOCKETS + 1)
        )
        wait_until(lambda: _applied() == SOCKETS, "The sockets are not applied.", 30)


def _applied() -> int:
    return Socket.objects.using(DATABASE).exclude(applied_vlan=None).count()


_owners = itertools.cycle([None, PROJECT])


def _toggle() -> float:
    """Seconds from before the UPDATE until the controller's word that the socket is applied."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(f"LISTEN {APPLIED_CHANNEL}")
    session = connections[DATABASE].connection
    session.poll()
    session.notifies.clear()
    begun = time.monotonic()
    Socket.objects.using(DATABASE).filter(pk=TOGGLED).update(project=next(_owners))
    while time.monotonic() < begun + LIMIT:
        if not session.notifies:
            select.select([session], [], [], LIMIT)
        session.poll()
        if any(notice.payload == str(TOGGLED) for notice in session.notifies):
            return time.monotonic() - begun
    raise LabError("The controller said nothing of the socket.")
