"""A socket changes hands, whoever says so: at once, wholly, and unnoticed by all others."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network

import pytest

from datacenter.addressing import mac_of
from lab.leases import Lease
from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.netns import Tap
from tests.system.scene import NOISE, SPARE, Scene, Side, loses_nothing, sql, standing_scene
from tests.system.staff import Staff

CYCLES = 50
LEASED = 5  # seconds


@pytest.fixture(scope="module")
def standing(lab: Lab) -> Iterator[Scene]:
    with standing_scene(lab, 2001, 2002) as scene:
        yield scene


@pytest.fixture
def scene(standing: Scene) -> Iterator[Scene]:
    """Everybody is where they belong, and known; the spare socket is free, before and after."""
    standing.everybody_answers()
    yield standing
    standing.give(SPARE, None)


def test_fifty_changes_of_a_socket_cost_others_no_frame(scene: Scene) -> None:
    def change() -> None:
        for _ in range(CYCLES):
            scene.lab.add(SPARE, scene.here.project)
            scene.lab.remove(SPARE)
            scene.lab.add(SPARE, scene.there.project)
            scene.lab.remove(SPARE)
            wait_until(lambda: _link(scene, "carrier"), "the link is up again")  # calls are faster than the bounces

    before, bounces = scene.table(), _bounces(scene)
    loses_nothing(scene.ends(), change)
    assert _bounces(scene) - bounces >= CYCLES, "the control: the switch took part"
    assert scene.table() == before


def _by_api(scene: Scene, project: int) -> None:
    """Two calls, as the bot makes them."""
    if sql(f"SELECT project_id FROM ports_socket WHERE number = {SPARE}").strip():
        scene.lab.remove(SPARE)
    scene.lab.add(SPARE, project)


def _by_admin(scene: Scene, project: int) -> None:
    Staff.logged_in().change(f"ports/socket/{SPARE}/change/", project=str(project))


def _by_sql(scene: Scene, project: int) -> None:
    sql(f"UPDATE ports_socket SET project_id = {project} WHERE number = {SPARE}")


@pytest.mark.parametrize("give", [_by_api, _by_admin, _by_sql])
def test_a_moved_socket_is_wholly_in_its_new_project(scene: Scene, give: Callable[[Scene, int], None]) -> None:
    """Given by the API, by staff or by SQL; its laptop is only watched."""
    here, there = scene.sides
    parts = [scene.part(side.vlan) for side in scene.sides]
    give(scene, here.project)
    old = scene.lab.room.dhcp(SPARE, 30)
    assert _reaches(scene, here, old.ip), "the control: before the move the same frames arrive"
    assert _hosts(scene, here) == [scene.mac(SPARE)]

    bounces, before = _bounces(scene), time.monotonic()
    give(scene, there.project)
    lease = wait_until(lambda: _lease_of(scene, there), "a lease of the new project", LEASED * NOISE)
    print(f"lease {time.monotonic() - before:.2f} s after the change was asked for")
    assert _bounces(scene) > bounces

    scene.wait_applied(SPARE)
    assert scene.part(here.vlan) == parts[0], "nothing of the old project is left on the switch"
    assert len(scene.part(there.vlan)) > len(parts[1])
    wait_until(lambda: _hosts(scene, there) == [scene.mac(SPARE)], "the new project has its host")
    assert _hosts(scene, here) == []
    assert not [line for line in scene.table() if scene.mac(SPARE) in line and line not in scene.part(there.vlan)]
    scene.wait_answered(SPARE, lease.router, there.web, there.addresses[0])
    assert not _reaches(scene, here, old.ip)


def _bounces(scene: Scene) -> int:
    """How often the link of the spare laptop went down."""
    return _link(scene, "carrier_down_count")


def _link(scene: Scene, what: str) -> int:
    """What the spare laptop's kernel knows of its link."""
    return int(scene.lab.on(SPARE, "cat", f"/sys/class/net/eth0/{what}").stdout)


def _lease_of(scene: Scene, side: Side) -> Lease | None:
    lease = scene.lab.room.lease(SPARE)
    return lease if lease and IPv4Address(lease.ip) in IPv4Network(f"{side.prefix}0/24") else None


def _hosts(scene: Scene, side: Side) -> list[str]:
    """MACs at the spare socket, as the project's rows have them."""
    return sql(f"SELECT mac FROM ports_host WHERE project_id = {side.project} AND socket_id = {SPARE}").split()


def _reaches(scene: Scene, side: Side, address: str) -> bool:
    """Whether any frame passes between the spare laptop, under an address of the project, and anybody in there.

    Nobody asks for a MAC, and nobody needs a lease: each is told where to send. All or nothing is expected.
    """
    lab, laptop = scene.lab, scene.mac(SPARE)
    members = dict(zip((side.router, side.web, *side.addresses), _macs(scene, side), strict=True))
    setup = [f"ip address replace {address}/32 dev eth0"]
    for ip, mac in members.items():
        setup += [f"ip route replace {ip}/32 dev eth0 src {address}", f"ip neighbour replace {ip} lladdr {mac} dev eth0"]
    assert lab.on(SPARE, "sh", "-ec", "\n".join(setup)).returncode == 0
    with ThreadPoolExecutor(len(members)) as pool:
        passed = list(pool.map(lambda ip: _answers(lab, ip), members))
    with Tap(["ip", "netns", "exec", lab.room.laptop(SPARE).namespace], "eth0") as tap:
        assert scene.stack.in_netns(
            side.project, "web", "ip", "neighbour", "replace", address, "lladdr", laptop, "dev", "eth0"
        ).returncode == 0  # fmt: skip
        passed.append(scene.stack.inside(side.project, "web", "ping", "-c2", "-i0.2", "-W1", address).returncode == 0)
        passed.append(scene.answered(side.sockets[0], address))
        seen = {frame["src"] for frame in tap.frames()} & scene.macs(side)
    teardown = [f"ip route del {ip}/32 dev eth0; ip neighbour del {ip} dev eth0" for ip in members]
    lab.on(SPARE, "sh", "-c", "\n".join([*teardown, f"ip address del {address}/32 dev eth0"]))
    scene.stack.in_netns(side.project, "web", "ip", "neighbour", "del", address, "dev", "eth0")
    assert len({*passed, bool(seen)}) == 1, (passed, seen)
    return passed[0]


def _answers(lab: Lab, ip: str) -> bool:
    return lab.on(SPARE, "ping", "-c2", "-i0.2", "-W1", ip).returncode == 0


def _macs(scene: Scene, side: Side) -> list[str]:
    """MACs of router, container and laptops."""
    return [mac_of(side.router), mac_of(side.web), *map(scene.mac, side.sockets)]
