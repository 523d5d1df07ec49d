"""The instruments of the soak see what they are for."""

from typing import Any

from lab.stream import Endpoint
from tests.system.load.mix import Call
from tests.system.room.frames import Addresses
from tests.system.room.mesh import Member, Place, Seen
from tests.system.soak.acknowledged import UNANSWERED, UNKNOWN, Acknowledged
from tests.system.soak.documented import while_killed
from tests.system.soak.memory import BOUND, LONG, WARM_UP, Memory, Process, Series, grows, slope
from tests.system.soak.reach import crossings

WEB = {"container_name": "web", "docker_id": "0123456789ab", "ip": "10.80.2.128"}
ROW = {"name": "web", "docker_id": "0123456789ab", "ip": "10.80.2.128", "desired": "RUNNING"}
NEW, REMOVE = Call("POST", "/new-container/1/7/"), Call("POST", "/remove-container/1/0123456789ab/")
STOP, UPDATE = Call("GET", "/stop-container/1/0123456789ab/"), Call("POST", "/update-container/1/0123456789ab/")
DELETE, ADD = Call("POST", "/delete-bridge/1/7/"), Call("POST", "/add-port/1/7/3/")
OK, PENDING, LOST, REFUSED = (200, ""), (202, ""), (500, "worker_lost"), (400, "build_failed")


def _heard(*answers: tuple[Call, tuple[int, str], dict[str, Any]]) -> Acknowledged:
    known = Acknowledged(7)
    for answer in answers:
        assert known.hear(*answer) == ""
    return known


def test_what_was_acknowledged_is_lost_when_it_is_not_there_or_is_otherwise() -> None:
    made = _heard((NEW, OK, WEB))
    assert list(made.lost([ROW], None)) == []
    for other in ([], [ROW | {"ip": "10.80.2.129"}], [ROW | {"docker_id": "ba9876543210"}], [ROW | {"desired": "STOPPED"}]):
        [sentence] = made.lost(other, None)
        assert "container web of project 7 was acknowledged as" in sentence
    assert "is unknown" in made.hear(STOP, UNKNOWN, {})
    assert list(_heard((NEW, OK, WEB), (STOP, OK, {})).lost([ROW | {"desired": "STOPPED"}], None)) == []
    assert list(_heard((NEW, OK, WEB), (UPDATE, REFUSED, {})).lost([], None)) != []
    [sentence] = _heard((NEW, OK, WEB), (REMOVE, OK, {})).lost([ROW], None)
    assert "was removed" in sentence
    [sentence] = _heard((ADD, OK, {})).lost([], None)
    assert "was given to 7, and belongs to None" in sentence


def test_what_may_have_been_done_is_not_known() -> None:
    for told in (UNANSWERED, PENDING, LOST):
        for call in (REMOVE, UPDATE, DELETE):
            assert list(_heard((NEW, OK, WEB), (call, told, {})).lost([], None)) == []
        assert list(_heard((ADD, OK, {}), (DELETE, told, {})).lost([], None)) == []
        stopped = _heard((NEW, OK, WEB), (STOP, told, {}))
        assert [list(stopped.lost([ROW | {"desired": state}], None)) for state in ("RUNNING", "STOPPED")] == [[], []]


def test_an_update_keeps_what_was_known_of_the_container_and_has_another_id() -> None:
    updated = _heard((NEW, OK, WEB), (STOP, OK, {}), (UPDATE, OK, WEB | {"docker_id": "ba9876543210"}))
    assert list(updated.lost([ROW | {"docker_id": "ba9876543210", "desired": "STOPPED"}], None)) == []
    assert list(updated.lost([ROW], None)) != []


def test_answers_that_no_kill_explains_are_not_documented() -> None:
    told = while_killed()
    assert (500, "worker_lost") in told["new-container"]
    assert (500, "datacenter_unavailable") in told["get-container-info"]
    assert (500, "database_unavailable") in told["get-project-containers"]
    assert not [endpoint for endpoint, answers in told.items() if {(500, "internal"), (500, "")} & answers]


def _memory(seconds: float, *kb_per_minute: float) -> Series:
    """Readings every 2 s, whose slope is one after the other of these."""
    series, size = [], 50_000.0
    for number in range(int(seconds / 2)):
        series.append((2.0 * number, size))
        size += kb_per_minute[int(2 * number * len(kb_per_minute) / seconds)] / 30
    return series


def test_memory_grows_that_does_so_fast_and_all_the_time() -> None:
    assert round(slope(_memory(300, 600))) == 600
    assert grows(_memory(300, 2 * BOUND))
    assert not grows(_memory(300, BOUND / 2))
    assert not grows(_memory(300, 4 * BOUND, 0)), "it has come to rest"
    assert not grows(_memory(LONG / 2, 2 * BOUND)), "too short to tell"


def test_one_that_was_killed_may_fill_again_what_it_had_and_no_more() -> None:
    seconds, memory = WARM_UP + 2 * LONG, Memory()
    memory.series[Process("worker", 1)] = _memory(seconds, 4 * BOUND, 0)
    most = memory.series[Process("worker", 1)][-1][1]
    slower = [(seconds + at, size) for at, size in _memory(seconds, 2 * BOUND)]
    memory.series[Process("worker", 2)] = [reading for reading in slower if reading[1] < most]
    assert memory.growing() == []
    memory.series[Process("worker", 2)].append((2 * seconds, most + 1))
    assert len(memory.growing()) == 1
    memory.series[Process("web", 3)] = slower
    assert len(memory.growing()) == 2, "there was no other of it"


def test_what_crosses_is_told_from_what_stays() -> None:
    one, two, other = (
        Member(Place(name, Endpoint(())), project, Addresses("02:42:00:00:00:01", ip))
        for name, project, ip in (("web.7", 7, "10.80.2.128"), ("db.7", 7, "10.80.2.129"), ("web.8", 8, "10.80.3.128"))
    )
    stays = [
        Seen(two.name, one.name, "arp", other.name, answer=False),  # a question that goes to all of its own
        Seen(one.name, one.name, "routed", other.name, answer=False),  # the router's refusal has it
        Seen(one.name, one.name, "ip", "router", answer=True),
        Seen(one.name, "", "arp", "10.80.2.1", answer=True),
    ]
    assert crossings(stays, [one, two, other]) == []
    for crossing in (
        Seen(other.name, one.name, "mac", other.name, answer=False),
        Seen(one.name, one.name, "routed", other.name, answer=True),
        Seen(one.name, "", "arp", "10.80.3.128", answer=True),
    ):
        assert len(crossings([*stays, crossing], [one, two, other])) == 1
