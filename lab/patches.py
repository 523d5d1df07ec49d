"""Patch cables between two sockets, whose laptops are unplugged meanwhile."""

import json
from pathlib import Path

from datacenter import netlink
from lab import namespaces
from lab.errors import LabError
from lab.laptop import MTU
from lab.layout import BRIDGE, Layout, run_directory
from lab.switch import Switch

Patch = tuple[int, int]  # numbers of two sockets, the smaller first


def patches(layout: Layout) -> list[Patch]:
    """The patch cables that are plugged in."""
    place = _place(layout)
    return [(one, other) for one, other in json.loads(place.read_text())] if place.exists() else []


def plug(layout: Layout, one: int, other: int) -> None:
    """Join two sockets by a cable; repeatable. Raises LabError if either has another cable, or does not exist."""
    patch = _patch(layout, one, other)
    present = patches(layout)
    if patch in present:
        return
    taken = {socket for cable in present for socket in cable} & {*patch}
    if taken:
        raise LabError(f"Socket {min(taken)} has another cable; take that one out first (lab uncable).")
    _write(layout, [*present, patch])
    for socket in patch:
        _switch(layout, socket).vsctl("--if-exists", "del-port", BRIDGE, f"s{socket}")
        _rename(layout, socket, f"s{socket}", f"x{socket}")  # down there, so the laptop's eth0 has no carrier
    ends = [layout.host_link("s", socket) for socket in patch]
    netlink.plug_veth(netlink.VethPair(ends[0], ends[1], layout.cable_mac("u", 0), MTU, peer_checksums=False))
    for socket, end in zip(patch, ends, strict=True):
        namespaces.batch(f"link set {end} netns {_switch(layout, socket).namespace} name s{socket}\n")
    for socket in patch:
        _plug(layout, socket)


def unplug(layout: Layout, one: int, other: int) -> None:
    """Take a cable out and plug the laptops in again; a cable that is not there is forgiven."""
    patch = _patch(layout, one, other)
    if patch not in patches(layout):
        return
    for socket in patch:
        _switch(layout, socket).vsctl("--if-exists", "del-port", BRIDGE, f"s{socket}")
    namespaces.delete_link(f"s{one}", _switch(layout, one).namespace)  # and the other end with it
    for socket in patch:
        _rename(layout, socket, f"x{socket}", f"s{socket}")
        _plug(layout, socket)
    _write(layout, [cable for cable in patches(layout) if cable != patch])


def _patch(layout: Layout, one: int, other: int) -> Patch:
    if layout.switch_of(one) and layout.switch_of(other) and one == other:
        raise LabError(f"A cable has two ends; socket {one} is only one.")
    return min(one, other), max(one, other)


def _switch(layout: Layout, socket: int) -> Switch:
    return Switch(layout, layout.switch_of(socket))


def _rename(layout: Layout, socket: int, old: str, new: str) -> None:
    namespaces.batch(f"link set {old} down\nlink set {old} name {new}\n", _switch(layout, socket).namespace)


def _plug(layout: Layout, socket: int) -> None:
    """Give the switch its port back, with the OpenFlow port number that it had."""
    switch = _switch(layout, socket)
    namespaces.batch(f"link set s{socket} up\n", switch.namespace)
    switch.vsctl(*switch.ports(socket))


def _place(layout: Layout) -> Path:
    return run_directory(layout.instance) / "patches.json"


def _write(layout: Layout, cables: list[Patch]) -> None:
    _place(layout).write_text(json.dumps(cables))
