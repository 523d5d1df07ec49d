"""add-port, remove-port and delete-bridge over HTTP: answers to the letter, and what a laptop sees of it."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.room.frames import Addresses, arp_request
from tests.system.room.mesh import Mesh, Place
from tests.system.stack import DATABASE, Answer, postgres

STRANGER = 9  # a user who is a member of no project here
SOMEBODY = "198.18.255.201"
WORDS = 20  # frames that a laptop says, for one to be heard


@pytest.fixture(autouse=True)
def all_free(lab: Lab) -> Iterator[None]:
    """Every socket is free and enabled before a test and after it."""
    yield
    postgres("UPDATE ports_socket SET project_id = NULL, enabled = true, disabled_reason = ''", DATABASE)
    wait_until(lambda: _applied() == 0, "the switch has confirmed that all are free")


def _applied() -> int:
    """How many sockets the switch has as those of some project."""
    return int(postgres("SELECT count(applied_vlan) FROM ports_socket", DATABASE))


def _refused(answer: Answer, code: str) -> str:
    """The sentence of a refusal, which has nothing else in it."""
    assert answer.status == 400, answer
    assert answer.body == {"success": False, "error": answer.body["error"], "code": code}
    return str(answer.body["error"])


def _assigned(number: int) -> str:
    """The project that a socket has, as text."""
    return postgres(f"SELECT project_id FROM ports_socket WHERE number = {number}", DATABASE).strip()


def test_the_first_add_port_of_a_project_builds_its_network_and_all_answers_are_as_documented(lab: Lab, project: int) -> None:
    stack = lab.stack
    added = stack.post(f"/add-port/1/{project}/1/")
    bridge = stack.post(f"/create-bridge/1/{project}/").body
    expected = {"success": True, "port": 1, "project_id": project, "vlan": bridge["vlan"], "applied": True}
    assert (added.status, added.body) == (200, expected)
    again = stack.post(f"/add-port/1/{project}/1/")
    assert (again.status, again.body) == (200, expected), "what the project has already it may have"
    assert lab.room.dhcp(1, 30).router == bridge["gateway"]
    for _ in range(2):  # the second time it is free already
        removed = stack.post("/remove-port/1/1/")
        assert (removed.status, removed.body) == (200, {"success": True, "port": 1, "applied": True})
        assert _assigned(1) == ""
    assert stack.post(f"/remove-port/{STRANGER}/1/").body == removed.body, "a free socket is everybody's"


@pytest.mark.parametrize("path", ["add-port/1/{project}/{port}", "remove-port/1/{port}"])
@pytest.mark.parametrize(("port", "code"), [("99", "unknown_socket"), ("0", "invalid"), ("x", "invalid"), ("-1", "invalid")])
def test_a_socket_that_is_none(lab: Lab, path: str, port: str, code: str) -> None:
    stack = lab.stack
    sentence = _refused(stack.post(f"/{path.format(project=16001, port=port)}/"), code)
    assert port in sentence if code == "unknown_socket" else sentence.startswith("port_id: ")
    assert postgres("SELECT count(*) FROM projects_project WHERE project_id = 16001", DATABASE).strip() == "0"


def test_other_methods_than_post_are_none(lab: Lab, project: int) -> None:
    for path in (f"/add-port/1/{project}/1/", "/remove-port/1/1/"):
        assert lab.stack.get(path).status == 405
        assert lab.stack.call("POST", path, token="wrong").status == 401
    assert _assigned(1) == ""


def test_a_disabled_socket_is_dark_and_refused_with_its_reason_until_it_is_enabled_again(lab: Lab, project: int) -> None:
    lab.join(1, project)
    lab.join(2, project)
    neighbour = Place("laptop2", lab.end(2))
    postgres("UPDATE ports_socket SET enabled = false, disabled_reason = 'loop' WHERE number = 1", DATABASE)
    wait_until(lambda: _applied() == 1, "the switch has confirmed that one is disabled")
    sentence = _refused(lab.stack.post(f"/add-port/1/{project}/1/"), "socket_disabled")
    assert "Socket 1" in sentence
    assert "loop" in sentence
    assert not _hears(lab, 1, neighbour)
    postgres("UPDATE ports_socket SET enabled = true, disabled_reason = '' WHERE number = 1", DATABASE)
    wait_until(lambda: _applied() == 2, "the switch has confirmed that it is enabled")
    assert _hears(lab, 1, neighbour), "the control"


def test_a_socket_of_another_project_is_refused_and_goes_on_working(lab: Lab, project: int, other: int) -> None:
    gateway = lab.join(1, project).router
    sentence = _refused(lab.stack.post(f"/add-port/2/{other}/1/"), "socket_taken")
    assert str(project) not in sentence, "it is not told whose it is"
    assert (_assigned(1), lab.pings(1, gateway)) == (str(project), True)


def test_a_stranger_is_answered_of_a_taken_socket_exactly_as_of_none(lab: Lab, project: int) -> None:
    gateway = lab.join(1, project).router
    taken = _refused(lab.stack.post(f"/remove-port/{STRANGER}/1/"), "unknown_socket")
    unknown = _refused(lab.stack.post(f"/remove-port/{STRANGER}/99/"), "unknown_socket")
    assert re.sub(r"\bsocket 1\b", "socket 99", taken) == unknown
    assert (_assigned(1), lab.pings(1, gateway)) == (str(project), True)


def test_a_project_gets_no_more_sockets_than_its_quota(lab: Lab, project: int) -> None:
    lab.add(1, project)
    postgres(f"UPDATE projects_project SET quota_sockets = 2 WHERE project_id = {project}", DATABASE)
    lab.add(2, project)
    sentence = _refused(lab.stack.post(f"/add-port/1/{project}/3/"), "quota_exceeded")
    assert "quota of sockets, 2;" in sentence
    assert lab.add(2, project).body["port"] == 2, "what it has already counts once"
    lab.remove(1)
    lab.add(3, project)
    assert [_assigned(number) for number in (1, 2, 3)] == ["", str(project), str(project)]


def _hears(lab: Lab, speaker: int, listener: Place) -> bool:
    """Whether a frame to all from a laptop is seen at a place, which it is soon or never: the switch has had it by then."""
    place, port = Place(f"laptop{speaker}", lab.end(speaker)), lab.room.layout.of_port(speaker)

    def received() -> int:
        return int(lab.switch().ofctl("dump-ports", str(port)).split("rx pkts=")[1].split(",")[0])

    with Mesh([place, listener]) as mesh:
        source, before = Addresses(lab.room.laptop(speaker).mac, "198.18.255.200"), received()
        word = arp_request(source, SOMEBODY, mesh.mark(place, "word"))

        def taken_in() -> bool:  # said over and over: the link is down for a moment after a socket has changed hands
            mesh.send(place, [word])
            return received() >= before + WORDS

        wait_until(taken_in, "the switch has taken in what the laptop says")
        with suppress(AssertionError):
            wait_until(lambda: any(seen.sender == place.name for seen in mesh.seen), "", 2)
        return any(seen.sender == place.name for seen in mesh.seen)


def test_delete_bridge_frees_the_projects_sockets_and_they_are_dark(lab: Lab, project: int, other: int) -> None:
    stack = lab.stack
    lab.join(1, project)
    lab.join(2, project)
    vlan = stack.post(f"/create-bridge/1/{project}/").body["vlan"]
    neighbour = Place("laptop2", lab.end(2))
    assert _hears(lab, 1, neighbour), "the control: while the project stands its sockets hear each other"
    assert any(f"metadata={vlan:#x}" in flow for flow in lab.flows())
    answer = stack.post(f"/delete-bridge/1/{project}/")
    assert (answer.status, answer.body) == (200, {"success": True})
    for number in (1, 2):
        assert _assigned(number) == ""
    wait_until(lambda: _applied() == 0, "the switch has confirmed that all are free")
    assert not any(f"metadata={vlan:#x}" in flow for flow in lab.flows())
    assert not _hears(lab, 1, neighbour)
    lab.join(3, other)
    assert stack.post(f"/create-bridge/1/{other}/").body["vlan"] == vlan, "the VLAN is the next project's"
    newcomer = Place("laptop3", lab.end(3))
    assert not _hears(lab, 1, newcomer)
    lab.add(1, other)
    assert _hears(lab, 1, newcomer), "the control: it does once it is in that project"
