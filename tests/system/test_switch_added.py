"""A switch that is entered while projects stand and others go on talking."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.layout import UPLINK_PORT
from lab.stream import Result, stream
from tests.conditions import wait_until
from tests.system.lab import Lab, standing_lab
from tests.system.stack import DATABASE, Stack, postgres

# The way to a container leads through the Open vSwitch that the whole machine shares. Where others keep changing that, an
# undisturbed stream loses frames too (measured: 3 of 5 controls of 8 s, 7 to 153 frames, on two busy cores), so a run with loss
# there is repeated: what entering a switch itself cost would be lost every time. Between laptops nothing may be lost in any run.
ATTEMPTS = 5


@pytest.fixture(scope="module")
def two(stack: Stack) -> Iterator[Lab]:
    """Two switches, of two sockets each."""
    with standing_lab(stack, 4, 2) as lab:
        yield lab


def _flows_of_projects(lab: Lab) -> list[str]:
    """Flows of the second switch that belong to some project."""
    return [flow for flow in lab.flows(2) if "metadata" in flow]


def _forget(lab: Lab) -> None:
    """Have NetManager know nothing of the second switch, all at once, and no more of its tunnel."""
    assert _flows_of_projects(lab), "the control: it forwards for a project"
    ours = f"(SELECT id FROM ports_switch WHERE dpid = '{lab.switch(2).dpid}')"
    hosts = f"DELETE FROM ports_host WHERE socket_id IN (SELECT number FROM ports_socket WHERE switch_id = {ours})"
    postgres(f"{hosts}; DELETE FROM ports_socket WHERE switch_id = {ours}; DELETE FROM ports_switch WHERE id = {ours}", DATABASE)
    wait_until(lambda: not _flows_of_projects(lab), "a switch that is nobody's forwards for no project")
    lab.stack.manage("bootstrap_datacenter")


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


def _entered_during_streams(lab: Lab, project: int, sockets: Path) -> tuple[Result, Result]:
    """What became of streams from a laptop of the first switch to its neighbour and to a container, while the second came."""
    _forget(lab)
    refused = lab.stack.post(f"/add-port/1/{project}/3/")
    assert (refused.status, refused.body["code"]) == (400, "unknown_socket")
    with stream(lab.end(1), lab.end(2)) as near, stream(lab.end(1), lab.container_end(project, "web")) as far:
        near.wait_for_first(30)
        far.wait_for_first(30)
        _enter(lab, sockets)
        lab.join(3, project)
        return near.stop(), far.stop()


def test_a_switch_that_is_entered_while_projects_stand_is_joined_to_them_and_costs_the_others_no_frame(
    two: Lab, project: int, tmp_path: Path
) -> None:
    web = two.stack.new_container(project, "web")["ip"]
    first = two.join(1, project)
    two.join(2, project)
    two.add(3, project)
    losses = []
    for _ in range(ATTEMPTS):
        near, far = _entered_during_streams(two, project, tmp_path / "sockets.csv")
        assert near.lost == [], "between laptops of the first switch"
        losses.append((len(far.lost), far.dropped))
        if losses[-1] == (0, 0):
            break
    assert losses[-1] == (0, 0), f"frames lost on the way to the container, and run void, by attempt: {losses}"
    joined = two.room.lease(3)
    assert joined is not None
    assert joined.router == first.router
    for target in (web, first.ip, joined.router):
        assert two.pings(3, target)
    assert two.pings(1, joined.ip)
