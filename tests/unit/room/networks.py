"""Networks of one switch."""

from ipaddress import IPv4Network

from datacenter.addressing import Plan, mac_of
from sdn.network import Limits, Membership, Network, Socket, Switch

DPID = 0xD31
PLAN = Plan(IPv4Network("10.64.0.0/12"), IPv4Network("100.64.0.0/16"))
UPLINK = 1000
SEVEN, EIGHT, NINE = Membership(7, 2), Membership(8, 129), Membership(9, 4094)
PROJECTS = (SEVEN, EIGHT, NINE)
LIMITS = Limits()


def socket(of_port: int, live: Membership | None = None, *, enabled: bool = True, applied: int | None = None) -> Socket:
    """The socket at a port; its number is another."""
    return Socket(100 + of_port, of_port, enabled, live, applied)


def room(
    *projects: Membership | None, tagged: bool = False, bounce: float = 0.0, uplink: int = UPLINK, limits: Limits = LIMITS
) -> Network:
    """A network whose switch has a socket at port 1, 2, … for each of these; None is a free one."""
    return network(
        *(socket(port, live) for port, live in enumerate(projects, 1)), tagged=tagged, bounce=bounce, uplink=uplink, limits=limits
    )


def network(
    *sockets: Socket, tagged: bool = False, bounce: float = 0.0, uplink: int = UPLINK, limits: Limits = LIMITS
) -> Network:
    """A network of one switch with these sockets."""
    return Network(PLAN, {DPID: Switch(DPID, "room", uplink, tagged, sockets, bounce)}, limits)


def row(of: Network) -> Switch:
    """Its switch."""
    return of.switches[DPID]


def laptop(number: int) -> str:
    """The MAC of a laptop."""
    return f"0a:00:00:00:00:{number:02x}"


def container(vlan: int, number: int = 128) -> str:
    """The MAC of a project's container; 1 is its router."""
    return mac_of(PLAN.subnet(vlan).network[number])
