"""Matches: read from what os-ken parsed, checked as a switch does (OpenFlow 1.3.5, 7.2.3.6), held against header fields."""

from collections.abc import Mapping
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp

from tests.unit.openflow.errors import RefusedError

Pattern = tuple[tuple[str, int, int], ...]  # fields with value and mask, by name

_L4 = {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58}
_L3 = {"ipv4": (0x0800,), "ipv6": (0x86DD,), "arp": (0x0806,), "ip": (0x0800, 0x86DD)}


def pattern(match: Any) -> Pattern:
    """The pattern of an OFPMatch; RefusedError if a switch must refuse it."""
    read: dict[str, tuple[int, int]] = {}
    for name, given in match.items():
        _, value, mask = ofp.oxm_from_user(name, given)
        if name in read:
            raise RefusedError(ofp.OFPET_BAD_MATCH, ofp.OFPBMC_DUP_FIELD)
        number = int.from_bytes(value)
        bits = (1 << 8 * len(value)) - 1 if mask is None else int.from_bytes(mask)
        if number & ~bits:
            raise RefusedError(ofp.OFPET_BAD_MATCH, ofp.OFPBMC_BAD_WILDCARDS)
        if not _allowed(name, read):
            raise RefusedError(ofp.OFPET_BAD_MATCH, ofp.OFPBMC_BAD_PREREQ)
        read[name] = number, bits
    return tuple(sorted((name, number, bits) for name, (number, bits) in read.items()))


def _allowed(name: str, before: Mapping[str, tuple[int, int]]) -> bool:
    """Whether the fields before this one say that its header is there."""
    header = name.split("_", maxsplit=1)[0]
    if header in _L4:
        return before.get("ip_proto", (0, 0))[0] == _L4[header]
    if header in _L3:
        return before.get("eth_type", (0, 0))[0] in _L3[header]
    return name != "vlan_pcp" or bool(before.get("vlan_vid", (0, 0))[0] & ofp.OFPVID_PRESENT)


def matches(wanted: Pattern, fields: Mapping[str, int]) -> bool:
    """Whether a frame with these fields is meant; one without a field is not, if the field is asked for."""
    for name, number, bits in wanted:  # a loop: this is what the property tests spend their time in
        value = fields.get(name)
        if value is None or value & bits != number:
            return False
    return True


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every frame that the narrow pattern means is meant by the wide one: non-strict deletion."""
    inner = {name: (number, bits) for name, number, bits in narrow}
    return all(
        name in inner and inner[name][1] & bits == bits and inner[name][0] & bits == number for name, number, bits in wide if bits
    )
