"""add-port, from the POST to flowing frames, beside Faucet's edit of a file and SIGHUP."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

from django.conf import settings

from apps.ports.models import Socket, Switch
from apps.ports.services import switches_connect
from bench import faucet, room
from bench.api import Api
from bench.datacenter import PROJECT, SOCKET
from bench.faucet import Faucet
from bench.measure import Contender, Measure, interleave, report
from bench.room import OTHER_VLAN, VLAN
from lab.layout import UPLINK_PORT
from lab.room import Room
from lab.shell import wait_until
from lab.stream import Result, stream

BOUNCE = 1000  # ms, the default of a switch
GAP = 0.05  # seconds without a frame: they did not flow yet
PHASE = 1.0  # seconds; how long Faucet takes depends on the moment of the signal, which is drawn by chance
TRIES = 5
SETTLE = 0.3  # seconds for which frames are looked at after the first


class Void(Exception):
    """Frames flowed before the socket was added."""


def run(rounds: int) -> None:
    """Measure and print."""
    with room.standing() as place, faucet.running(place, place.switch(room.FAUCETS)) as theirs, _rows(place) as row:
        api = Api()
        contenders = [
            Contender("POST /add-port/, bounce_ms=0", _valid(_add_port(place, row, api, 0))),
            Contender("Faucet: VLAN in faucet.yaml, SIGHUP", _valid(_faucet(place, theirs))),
            Contender(f"POST /add-port/, bounce_ms={BOUNCE}", _valid(_add_port(place, row, api, BOUNCE))),
        ]
        interleave(contenders, rounds)
        report("A socket added to a project that has one, until frames flow between the two, 1 kHz", contenders)


@contextmanager
def _rows(place: Room) -> Iterator[Switch]:
    """Our switch and two sockets of it, in the running NetManager; the first is the project's."""
    ours, api = place.switch(room.OURS), Api()
    address = str(place.layout.tunnel(ours.number).ip)
    _remove(ours.dpid)
    try:
        row = Switch.objects.create(name="bench", dpid=ours.dpid, uplink_port=UPLINK_PORT, tunnel_address=address, bounce_ms=0)
        Socket.objects.bulk_create(Socket(number=SOCKET + port, switch=row, of_port=port) for port in (1, 2))
        switches_connect()
        room.hand_over(place, ours, int(settings.NETMANAGER_OPENFLOW_LISTEN.rpartition(":")[2]))
        wait_until(lambda: Switch.objects.filter(pk=row.pk, connected_at__isnull=False).exists(), "No controller took it.", 10)
        if not api.post(f"/add-port/1/{PROJECT}/{SOCKET + 1}/")["applied"]:
            raise SystemExit("The controller did not confirm the first socket.")
        yield row
    finally:
        api.post(f"/delete-bridge/1/{PROJECT}/")
        room.take_back(ours)
        _remove(ours.dpid)
        switches_connect()


def _remove(dpid: str) -> None:
    Socket.objects.filter(switch__dpid=dpid).delete()
    Switch.objects.filter(dpid=dpid).delete()


def _valid(measure: Measure) -> Measure:
    """A reading that is void is repeated."""

    def repeated() -> float:
        for _ in range(TRIES):
            with suppress(Void):
                return measure()
        raise SystemExit(f"Frames flowed {TRIES} times before the socket was added: nothing can be measured.")

    return repeated


def _add_port(place: Room, row: Switch, api: Api, bounce: int) -> Measure:
    def measure() -> float:
        Switch.objects.filter(pk=row.pk).update(bounce_ms=bounce)
        try:
            return _flowing(place, room.OURS, lambda: api.post(f"/add-port/1/{PROJECT}/{SOCKET + 2}/"), bounce / 1000 + SETTLE)
        finally:
            Switch.objects.filter(pk=row.pk).update(bounce_ms=0)
            api.post(f"/remove-port/1/{SOCKET + 2}/")

    return measure


def _faucet(place: Room, theirs: Faucet) -> Measure:
    def leave() -> None:
        theirs.assign(frozenset({2}))
        theirs.reload()
        wait_until(lambda: theirs.has_port_in(2, OTHER_VLAN), "Faucet did not move the socket.", 20)

    def join() -> None:
        theirs.assign()
        theirs.reload()

    def measure() -> float:
        leave()
        took = _flowing(place, room.FAUCETS, join, SETTLE)
        assert theirs.has_port_in(2, VLAN)
        return took

    return measure


def _flowing(place: Room, switch: int, act: Callable[[], object], settle: float) -> float:
    """Seconds from before the act to the first frame from a switch's first socket to its second after which none is missing."""
    first, second, *_ = place.layout.sockets_of(switch)
    with stream(place.laptop(first).endpoint, place.laptop(second).endpoint) as frames:
        time.sleep(random.uniform(0, PHASE))
        begun = time.monotonic()
        act()
        frames.wait_for_first(20)
        time.sleep(settle)
        result = frames.stop()
    if result.arrivals[0].received < begun:
        raise Void
    return _steady(result) - begun


def _steady(result: Result) -> float:
    """When the first frame after the last gap came."""
    times = [arrival.received for arrival in result.arrivals]
    return max((later for earlier, later in pairwise(times) if later - earlier > GAP), default=times[0])
