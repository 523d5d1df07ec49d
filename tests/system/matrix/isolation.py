"""Which frames that were seen somewhere belong to another project than that place does; pure.

Projects are told by their VLANs, from which every address and so every MAC follows but those of laptops.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from datacenter.addressing import FIRST_VLAN, LAST_VLAN, Plan

OURS = "02:42:"  # begins the MACs of containers and routers; the address follows


@dataclass(frozen=True)
class Seen:
    """So many frames between two MACs at an interface."""

    interface: str
    dst: str
    src: str
    frames: int


def vlan_of_address(plan: Plan, address: IPv4Address) -> int | None:
    """The project that an address of the plan belongs to, inside or as its router's public one."""
    if address in plan.projects:
        vlan = (int(address) - int(plan.projects.network_address)) // 256
    elif address in plan.public:
        vlan = int(address) - int(plan.public.network_address)
    else:
        return None
    return vlan if FIRST_VLAN <= vlan <= LAST_VLAN else None


def vlan_of_mac(plan: Plan, laptops: Mapping[str, int], mac: str) -> int | None:
    """The project whose container, router or laptop has this MAC; None for everybody else's."""
    if mac.startswith(OURS):
        return vlan_of_address(plan, IPv4Address(bytes.fromhex(mac.removeprefix(OURS).replace(":", ""))))
    return laptops.get(mac)


def foreign(seen: Iterable[Seen], places: Mapping[str, int], plan: Plan, laptops: Mapping[str, int]) -> list[Seen]:
    """Frames at a project's interface from or to a MAC of another one.

    Of an interface that is in no place's list, and of which nobody knows whose it was, frames of two projects are wrong.
    """
    wrong: list[Seen] = []
    strays: defaultdict[str, list[tuple[int, Seen]]] = defaultdict(list)
    for one in seen:
        owners = {vlan for mac in (one.dst, one.src) if (vlan := vlan_of_mac(plan, laptops, mac)) is not None}
        if one.interface in places:
            wrong += [one] if owners - {places[one.interface]} else []
        else:
            strays[one.interface] += [(vlan, one) for vlan in owners]
    for found in strays.values():
        wrong += [one for vlan, one in found if vlan != found[0][0]]
    return wrong
