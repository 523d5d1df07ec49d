"""A switch that is entered while projects stand and others go on talking."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.layout import UPLINK_PORT
from lab.stream import Result, stream
from tests.system.lab import Lab, standing_lab
from tests.system.stack import DATABASE, Stack, postgres, wait_until

ATTEMPTS = 3  # at a stream whose run is void


@pytest.fixture(scope="module")
def two(stack: Stack) -> Iterator[Lab]:
    """Two switches, of two sockets each."""
    with standing_lab(stack, 4, 2) as lab:
        yield lab


def _forget(lab: Lab) -> None:
    """Have NetManager know nothing of the second switch, and no more of its tunnel."""
    dpid = lab.switch(2).dpid
    postgres(f"DELETE FROM ports_socket USING ports_switch s WHERE switch_id = s.id AND s.dpid = '{dpid}'", DATABASE)
    postgres(f"DELETE FROM ports_switch WHERE dpid = '{dpid}'", DATABASE)
    lab.stack.manage("bootstrap_datacenter")
    wait_until(lambda: not any("metadata" in flow for flow in lab.flows(2)), "the switch holds no flow of a project")


def _enter(lab: Lab, sockets: Path) -> None:
    """Register the second switch and its sockets, as staff would."""
    switch, address = lab.switch(2), str(lab.room.layout.tunnel(2).ip)
    lab.stack.manage(
        "register_switch", switch.name, "--dpid", switch.dpid, "--uplink-port", str(UPLINK_PORT), "--tunnel-address", address,
        "--bounce-ms", "100",
    )  # fmt: skip
    lines = [f"{number},{switch.name},{lab.room.layout.of_port(number)}" for number in (3, 4)]
    sockets.write_text("\n".join(["number,switch,of_port", *lines, ""]))
    lab.stack.manage("import_sockets", str(sockets))


def _entered_during_a_stream(lab: Lab, project: int, sockets: Path) -> Result:
    """A stream between a laptop of the first switch and a container, while the second switch comes and gets a laptop."""
    _forget(lab)
    refused = lab.stack.post(f"/add-port/1/{project}/3/")
    assert (refused.status, refused.body["code"]) == (400, "unknown_socket")
    with stream(lab.end(1), lab.container_end(project, "web")) as running:
        running.wait_for_first(30)
        _enter(lab, sockets)
        lab.join(3, project)
        return running.stop()


def test_a_switch_that_is_entered_while_projects_stand_is_joined_to_them_and_costs_the_others_no_frame(
    two: Lab, project: int, tmp_path: Path
) -> None:
    web = two.stack.new_container(project, "web")["ip"]
    near = two.join(1, project)
    assert two.pings(1, web)
    for _ in range(ATTEMPTS):
        result = _entered_during_a_stream(two, project, tmp_path / "sockets.csv")
        if not result.dropped:
            break
    assert (result.lost, result.dropped) == ([], 0)
    far = two.room.lease(3)
    assert far is not None
    assert far.router == near.router
    for target in (web, near.ip, far.router):
        assert two.pings(3, target)
    assert two.pings(1, far.ip)
