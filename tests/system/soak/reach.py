"""Who reaches whom: inside a project each container all others and the router, across projects none."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import permutations

from datacenter.addressing import mac_of
from tests.conditions import wait_until
from tests.system.matrix.ends import running
from tests.system.room.frames import Addresses, arp_request, echo
from tests.system.room.mesh import Member, Mesh, Place, Seen
from tests.system.stack import Stack
from tests.system.state.facts import NAMES, rows

NOBODY = "198.18.255.201"
ROUTER = "router"
ROUNDS = 10  # of questions to whoever has not answered
PATIENCE = 3.0  # seconds, for a round


def members(stack: Stack, projects: Iterable[int]) -> list[Member]:
    """All containers of the projects, which must run."""
    found = rows(f"SELECT project_id, name, ip, mac FROM containers_container WHERE project_id IN {tuple(projects)}")
    names = {NAMES.container(row["project_id"], row["name"]): row for row in found}
    processes = wait_until(lambda: len(there := running(names)) == len(names) and there, "all containers run")
    return [
        Member(Place(f"{row['name']}.{row['project_id']}", processes[name].endpoint), row["project_id"],
               Addresses(row["mac"], row["ip"]))
        for name, row in names.items()
    ]  # fmt: skip


def wrong(everybody: list[Member]) -> list[str]:
    """Sentences: who inside a project did not answer, and what crossed from one to another."""
    silent: set[Seen] = set()
    with Mesh(member.place for member in everybody) as mesh:
        for project in sorted({member.project for member in everybody}):  # one by one: all at once would be too many frames
            own = [member for member in everybody if member.project == project]
            for here in own:
                mesh.send(here, [frame for there in everybody for frame in _across(mesh, here, there)])
            silent |= _ask(mesh, own)
        return [*(f"not seen: {seen}" for seen in sorted(silent)), *crossings(mesh.seen, everybody)]


def crossings(seen: Iterable[Seen], everybody: list[Member]) -> list[str]:
    """What was seen of another project, or answered from there."""
    home = {member.name: member.project for member in everybody}
    prefixes = {member.project: _prefix(member.addresses.ip) for member in everybody}
    return [f"{each.at} has seen {each}" for each in seen if _crosses(each, home, prefixes)]


def _crosses(seen: Seen, home: dict[str, int], prefixes: dict[int, str]) -> bool:
    here = home[seen.at]
    if not seen.sender:  # an answer to an ARP request, which tells who answered
        return _prefix(seen.target) != prefixes[here]
    return home[seen.sender] != here or (seen.answer and home.get(seen.target, here) != here)


def _prefix(ip: str) -> str:
    return ip.rpartition(".")[0]


def _gateway(member: Member) -> Addresses:
    ip = f"{_prefix(member.addresses.ip)}.1"
    return Addresses(mac_of(ip), ip)


def _across(mesh: Mesh, here: Member, there: Member) -> Iterator[bytes]:
    """To a container of another project: by the router, and (to one of each) straight to its MAC."""
    if here.project == there.project:
        return
    src, dst = here.addresses, there.addresses
    yield echo(src, Addresses(_gateway(here).mac, dst.ip), mesh.mark(here, "routed", there))
    if there.name.startswith("web."):
        yield echo(src, dst, mesh.mark(here, "mac", there))
        yield arp_request(src, dst.ip, mesh.mark(here, "arp", there))


def _inside(mesh: Mesh, here: Member, own: list[Member]) -> Iterator[bytes]:
    """To each of the project and its router; the last goes to all, and tells that everything before it was sent."""
    for there in own:
        if there != here:
            yield echo(here.addresses, there.addresses, mesh.mark(here, "ip", there))
    yield echo(here.addresses, _gateway(here), mesh.mark(here, "ip", ROUTER))
    yield arp_request(here.addresses, NOBODY, mesh.mark(here, "last"))


def _ask(mesh: Mesh, own: list[Member]) -> set[Seen]:
    """What was not seen of the project's own, asked for again and again."""
    wanted = {Seen(here.name, here.name, "ip", ROUTER, answer=True) for here in own}
    for here, there in permutations(own, 2):
        wanted |= {
            Seen(here.name, here.name, "ip", there.name, answer=True),
            Seen(there.name, here.name, "last", "", answer=False),
        }
    for _ in range(ROUNDS):
        silent = {seen.sender for seen in wanted - mesh.seen}
        for here in own:
            if here.name in silent:
                mesh.send(here, _inside(mesh, here, own))
        with suppress(AssertionError):
            wait_until(lambda: wanted <= mesh.seen, "all have answered", PATIENCE)
            return set()
    return wanted - mesh.seen
