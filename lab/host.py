"""What the lab has on the host: each switch's cables for OpenFlow and for frames, and the bridge where these end."""

from contextlib import closing
from pathlib import Path
from typing import Literal

from datacenter import netlink
from datacenter.bootstrap import datapath_type
from datacenter.names import Names
from datacenter.ovsdb import Ovsdb, Port
from lab import namespaces
from lab.layout import CABLE, CONTROL, UPLINK, Layout
from lab.shell import run, wait_until

MTU = 1500  # bytes


def lay_cables(layout: Layout, switch: int) -> None:
    """The two cables between a switch, whose namespace must be there, and the host."""
    ours, theirs = layout.control(switch)
    control = _lay(layout, "c", switch, CONTROL)
    netlink.ensure_address(control, ours)
    namespaces.batch(f"address add {theirs} dev {CONTROL}\n", layout.switch_namespace(switch))
    _deafen(_lay(layout, "u", switch, CABLE if layout.uplink == "vxlan" else UPLINK))


def ensure_underlay(layout: Layout) -> None:
    """The bridge that joins the VXLAN switches' cables, with the host's address; repeatable, and loses no frame."""
    if layout.uplink != "vxlan":
        return
    names = Names(layout.instance)
    with closing(Ovsdb()) as ovsdb:
        ovsdb.ensure_bridge(layout.host_bridge, names.owner(), datapath_type())
        present = ovsdb.ports(layout.host_bridge)
        for switch in layout.switch_numbers:
            if (cable := layout.host_link("u", switch)) not in present:
                ovsdb.plug(Port(layout.host_bridge, cable, names.owner()))
    netlink.set_up(layout.host_bridge)
    netlink.ensure_address(layout.host_bridge, layout.vtep)


def wait_for_underlay(layout: Layout, switch: int) -> None:
    """Return once the switch reaches the host's end of the tunnel; both have then learned the other's MAC."""
    if layout.uplink != "vxlan":
        return
    ping = ["ping", "-c", "1", "-W", "1", str(layout.vtep.ip)]
    command = [*namespaces.enter(layout.switch_namespace(switch)), "sh", "-c", '"$@" || echo away', "sh", *ping]
    sentence = f"Switch {layout.switch_name(switch)} does not reach {layout.vtep.ip} on its underlay."
    wait_until(lambda: "away" not in run(*command), sentence)


def has_cables(layout: Layout, switch: int) -> bool:
    """Whether both cables of a switch still end on the host."""
    return all(netlink.link_exists(layout.host_link(kind, switch)) for kind in ("c", "u"))


def _lay(layout: Layout, kind: Literal["c", "u"], switch: int, name: str) -> str:
    """A veth pair whose far end gets this name in the switch's namespace; the name of the host's end."""
    near, far, namespace = layout.host_link(kind, switch), layout.host_link("p", switch), layout.switch_namespace(switch)
    netlink.plug_veth(netlink.VethPair(near, far, layout.cable_mac(kind, switch), MTU, peer_checksums=True))
    namespaces.batch(f"link set {far} netns {namespace} name {name}\n")
    namespaces.batch(f"link set {name} up\n", namespace)
    return near


def _deafen(name: str) -> None:
    """Keep the host's kernel from answering what comes in by a port of the userspace datapath, which it sees as well.

    No address is on it: strict reverse path filtering (RFC 3704) then refuses every IPv4 packet, arp_ignore every ARP request.
    """
    for key in ("rp_filter", "arp_ignore"):
        Path(f"/proc/sys/net/ipv4/conf/{name}/{key}").write_text("1\n")
