"""Inside a project everything answers, across projects nothing does, and a free socket is dark."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import pytest

from datacenter.bootstrap import datapath_type
from lab.layout import BRIDGE
from lab.stream import Endpoint
from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.room.frames import ALL, ALL_NODES, ALL_NODES_MAC, Addresses, arp_request, echo, echo6, syn
from tests.system.room.mesh import Member, Mesh, Place, Seen
from tests.system.room.town import FREE, NEAR, Town
from tests.system.stack import SETTINGS, run

NOBODY = "198.18.255.201"
IN_BAND = 180000  # priority of the hidden flows of in-band control (FACTS 3)


def _speak_ipv6(here: Member, there: Member) -> bool:
    """IPv6 passes between the laptops of a switch; it is dropped where a switch leads to the datacenter (DESIGN: IPv4 only)."""
    return here.laptop and there.laptop and here.switch == there.switch


def _inside(mesh: Mesh, here: Member, there: Member) -> list[bytes]:
    """What a neighbour answers."""
    frames = [
        arp_request(here.addresses, there.addresses.ip, mesh.mark(here, "arp", there)),
        echo(here.addresses, there.addresses, mesh.mark(here, "ip", there)),
    ]
    if _speak_ipv6(here, there):
        link_local = there.addresses.link_local
        frames.append(echo6(here.addresses, there.addresses.mac, link_local, mesh.mark(here, "ip6", there)))
    return frames


def _expected(here: Member, there: Member) -> set[Seen]:
    """What `here` sees if `there` answers all of that, and that `there` heard the question that goes to all."""
    me, you = here.name, there.name
    answers = {Seen(me, "", "arp", there.addresses.ip, answer=True), Seen(me, me, "ip", you, answer=True)}
    if _speak_ipv6(here, there):
        answers.add(Seen(me, me, "ip6", you, answer=True))
    return answers | {Seen(you, me, "arp", you, answer=False)}


def _across(mesh: Mesh, here: Member, there: Member, vlan: int, gateway: Addresses) -> list[bytes]:
    """What a member of one project sends to be heard in another, whose VLAN this is."""
    src, dst = here.addresses, there.addresses
    return [
        arp_request(src, dst.ip, mesh.mark(here, "arp", there)),
        echo(src, dst, mesh.mark(here, "mac", there)),
        echo(src, Addresses(gateway.mac, dst.ip), mesh.mark(here, "routed", there)),
        echo(src, dst, mesh.mark(here, "tag", there), tag=vlan),
        arp_request(src, dst.ip, mesh.mark(here, "tag", there), tag=vlan),
        echo6(src, dst.mac, dst.link_local, mesh.mark(here, "ip6", there)),
        echo6(src, ALL_NODES_MAC, ALL_NODES, mesh.mark(here, "ip6-all", there)),
    ]


def _exchange(mesh: Mesh, members: list[Member]) -> None:
    """Have every pair inside a project answer each other; returns when all have."""
    pairs = [(here, there) for here, there in permutations(members, 2) if here.project == there.project]

    def missing() -> list[tuple[Member, Member]]:
        seen = mesh.seen
        return [pair for pair in pairs if not _expected(*pair) <= seen]

    for _ in range(20):
        for here, there in missing():  # once more: the first may have come too early, or been one too many
            mesh.send(here, _inside(mesh, here, there))
        with suppress(AssertionError):
            wait_until(lambda: not missing(), "", 3)
            return
    pytest.fail(f"inside a project no answer: {[(a.name, b.name, _expected(a, b) - mesh.seen) for a, b in missing()]}")


def test_inside_a_project_everything_answers_and_across_projects_nothing_does(room: Lab, town: Town) -> None:
    members = town.members(room)
    assert len(members) == 3 * (2 + 2 + 1), "two laptops, two containers and a router each"
    gateways = {member.project: member.addresses for member in members if member.name.startswith("router")}
    home = {member.name: member.project for member in members}
    laptops = {member.name for member in members if member.laptop}
    with Mesh(member.place for member in members) as mesh:
        for here, there in permutations(members, 2):
            if here.project != there.project:
                vlan = town.projects[there.project].vlan
                mesh.send(here, _across(mesh, here, there, vlan, gateways[here.project]))
        controls = [member for member in members if member.project == NEAR and member.name.startswith(("web", "db"))]
        for here, there in permutations(controls, 2):
            other = next(project.vlan for project in town.projects.values() if project.number != NEAR)
            mesh.send(here, [echo(here.addresses, there.addresses, mesh.mark(here, "tag", there), tag=other)])
        _exchange(mesh, members)
        _let_all_arrive(mesh, members)
        seen = mesh.seen
    strangers = {member.addresses.ip: member.project for member in members}
    assert [each for each in seen if each.sender and home[each.sender] != home[each.at]] == []
    assert [each for each in seen if not each.sender and strangers.get(each.target) != home[each.at]] == []
    tagged = {(each.sender, each.at) for each in seen if each.kind == "tag"}
    assert {(here.name, there.name) for here, there in permutations(controls, 2)} <= tagged, "the control: probes see tags"
    assert [sender for sender, _ in tagged if sender in laptops] == [], "a socket takes no tag, not even for its own project"


def _let_all_arrive(mesh: Mesh, members: list[Member]) -> None:
    """A frame from each to all of its project, behind everything that was sent before: it has arrived when these have."""
    for here in members:
        mesh.send(here, [arp_request(here.addresses, NOBODY, mesh.mark(here, "last"))])
    wait_until(
        lambda: (
            {
                Seen(there.name, here.name, "last", "", answer=False)
                for here, there in permutations(members, 2)
                if here.project == there.project
            }
            <= mesh.seen
        ),
        "the last frame of everyone is seen in all of its project",
        60,
    )


@pytest.fixture(params=FREE)
def free(request: pytest.FixtureRequest, room: Lab) -> Iterator[int]:
    """A socket that is free, and is so again after the test."""
    yield request.param
    room.remove(request.param)


def _underground(room: Lab) -> list[Place]:
    """Where frames leave a switch other than by a socket: towards the controller and the datacenter."""
    places = []
    for number in room.room.layout.switch_numbers:
        switch = room.switch(number)
        enter = ("ip", "netns", "exec", switch.namespace)
        cable = "underlay0" if room.room.layout.uplink == "vxlan" else "uplink"
        places += [Place(f"{name}-of-{switch.name}", Endpoint(enter, name), watches=True) for name in ("control", cable)]
    return places


@dataclass(frozen=True)
class Scene:
    """A room, all members of its projects, and the laptop at a socket that is free, or was."""

    room: Lab
    town: Town
    members: list[Member]
    socket: int

    @property
    def laptop(self) -> Member:
        return self.town.laptop(self.room, self.socket)


def _noise(scene: Scene, mesh: Mesh) -> list[bytes]:
    """All that a laptop could send to be heard by somebody; the last in the controller's name, or to it."""
    room, laptop, socket = scene.room, scene.laptop, scene.socket
    src, frames = laptop.addresses, []
    for there in scene.members:
        vlan = scene.town.projects[there.project].vlan
        frames += _across(mesh, laptop, there, vlan, there.addresses)
        spoofed = Addresses(src.mac, there.addresses.ip.rsplit(".", 1)[0] + ".100")  # an address of that project
        frames.append(arp_request(spoofed, there.addresses.ip, mesh.mark(laptop, "arp", there)))
    switch = room.room.layout.switch_of(socket)
    controller, control = (str(end.ip) for end in room.room.layout.control(switch))
    own_port = int(SETTINGS["NETMANAGER_OPENFLOW_LISTEN"].rpartition(":")[2])
    frames += [arp_request(Addresses(src.mac, controller), control, mesh.mark(laptop, "as-controller"))]
    macs = [ALL, _switch_mac(room, switch, "control"), _switch_mac(room, switch, f"s{socket}")]
    frames += [
        syn(Addresses(src.mac, control), Addresses(mac, controller), port, mesh.mark(laptop, "to-controller"))
        for mac in macs
        for port in (6653, own_port)
    ]
    return frames


def _switch_mac(room: Lab, number: int, interface: str) -> str:
    namespace = room.switch(number).namespace
    return run("ip", "netns", "exec", namespace, "cat", f"/sys/class/net/{interface}/address").strip()


def _received(room: Lab, socket: int) -> int:
    """Frames that the switch took in at a socket."""
    layout = room.room.layout
    ports = room.switch(layout.switch_of(socket)).ofctl("dump-ports", str(layout.of_port(socket)))
    return int(ports.split("rx pkts=")[1].split(",")[0])


def _has_received(scene: Scene, frames: int) -> bool:
    return _received(scene.room, scene.socket) >= frames


def _until_taken_in(scene: Scene, mesh: Mesh, noise: list[bytes]) -> None:
    """Have the laptop send it; again if some was lost, for the link is down for a moment after a socket has changed hands."""
    for _ in range(6):
        before = _received(scene.room, scene.socket)
        mesh.send(scene.laptop, noise)
        with suppress(AssertionError):
            wait_until(partial(_has_received, scene, before + len(noise)), "", 10)
            return
    pytest.fail("the switch has not taken in what the laptop sends")


def _make_noise(scene: Scene) -> set[Seen]:
    """All of it from the laptop, and frames to all from everyone else; what was seen of it anywhere."""
    room, members, laptop = scene.room, scene.members, scene.laptop
    with Mesh([*(member.place for member in members), laptop.place, *_underground(room)]) as mesh:
        _until_taken_in(scene, mesh, _noise(scene, mesh))
        for here in members:  # to all, and to a MAC that nobody has, which is flooded
            unknown = echo(here.addresses, Addresses("06:00:00:00:ff:fe", NOBODY), mesh.mark(here, "unknown"))
            mesh.send(here, [unknown, arp_request(here.addresses, NOBODY, mesh.mark(here, "first"))])
        _let_all_arrive(mesh, members)
        return mesh.seen


def test_a_free_socket_is_dark_in_both_directions(room: Lab, town: Town, free: int) -> None:
    members = town.members(room)
    home = FREE[free]
    names = {member.name for member in members if member.project == home}
    scene = Scene(room, town, members, free)
    laptop = scene.laptop
    for _ in range(2):  # as it is at first, and after it was taken from a project
        seen = _make_noise(scene)
        assert [each for each in seen if laptop.name in (each.at, each.sender)] == []
        room.add(free, home)
        seen = _make_noise(scene)
        for kind in ("as-controller", "to-controller", "mac", "ip6-all"):
            heard = {each.at for each in seen if (each.sender, each.kind) == (laptop.name, kind)}
            assert heard & names, f"the control: {kind} is heard in the project that has the socket"
            assert any("-of-" in at for at in heard), f"the control: {kind} is seen where it leaves the switch"
        assert any("control-of" in each.at for each in seen if each.sender == laptop.name), (
            "the control: copies for the controller"
        )
        heard = {each.kind for each in seen if each.at == laptop.name and each.sender in names}
        assert {"first", "unknown"} <= heard, "the control: a socket of the project hears what goes to all"
        room.remove(free)


def test_no_switch_has_hidden_flows_of_in_band_control(room: Lab) -> None:
    for number in room.room.layout.switch_numbers:
        assert 0 < max(_priorities(room, number, BRIDGE)) < IN_BAND
    switch = room.switch()
    try:  # the control: they would be seen
        datapath = ["--", "set", "Bridge", "in-band", f"datapath_type={datapath_type()}"]
        switch.vsctl("--", "add-br", "in-band", *datapath, "--", "set-controller", "in-band", "tcp:198.18.255.202:6653")
        wait_until(lambda: max(_priorities(room, 1, "in-band")) >= IN_BAND, "a bridge with in-band control shows its flows")
    finally:
        switch.vsctl("--if-exists", "del-br", "in-band")


def _priorities(room: Lab, number: int, bridge: str) -> list[int]:
    dump = room.switch(number).appctl("bridge/dump-flows", bridge)
    return [int(part.split(",")[0]) for part in dump.split("priority=")[1:]]
