"""Reads what a copied frame tells of its sender: address and host name, from ARP and DHCP; pure."""

import ipaddress
from dataclasses import dataclass

from os_ken.lib.packet import arp, dhcp, ethernet, ipv4, packet, udp

_TO_ALL = 0x01  # the bit of a group address, in the first byte
_HOSTNAME, _MESSAGE = 12, 53  # DHCP options, RFC 2132
_ACK = b"\x05"


@dataclass(frozen=True, slots=True)
class Told:
    """What a frame tells of the host that has this MAC; None where it tells nothing."""

    mac: str
    ip: str | None = None
    hostname: str | None = None


def sender(frame: bytes) -> str | None:
    """The source MAC of an Ethernet frame; None if that is no host's."""
    source = frame[6:12]
    return None if len(source) < 6 or source[0] & _TO_ALL or not any(source) else source.hex(":")


def told(frame: bytes) -> Told | None:
    """What ARP or DHCP in a frame tells; None for anything else, and for what is not well-formed."""
    try:
        layers = packet.Packet(frame)
        return _of_arp(layers.get_protocol(arp.arp)) or _of_dhcp(layers)
    except Exception:  # os-ken's parsers raise all kinds on what a laptop may make up
        return None


def _of_arp(request: arp.arp | None) -> Told | None:
    if request is None:
        return None
    return Told(request.src_mac, None if request.src_ip == "0.0.0.0" else request.src_ip)  # noqa: S104  (an ARP probe, RFC 5227)


def _of_dhcp(layers: packet.Packet) -> Told | None:
    if not (layers.get_protocol(ethernet.ethernet) and layers.get_protocol(ipv4.ipv4) and layers.get_protocol(udp.udp)):
        return None
    message = layers.get_protocol(dhcp.dhcp)
    if message is None:
        return None
    options = {option.tag: option.value for option in message.options.option_list} if message.options else {}
    leased = message.yiaddr if options.get(_MESSAGE) == _ACK else None
    return Told(message.chaddr, _address(leased), _name(options.get(_HOSTNAME)))


def _address(leased: str | None) -> str | None:
    return str(ipaddress.IPv4Address(leased)) if leased and leased != "0.0.0.0" else None  # noqa: S104  (no lease in it)


def _name(name: bytes | None) -> str | None:
    """A host name of letters, digits, `-`, `_` and `.`: it is shown to staff, and any laptop can send one."""
    if not name:
        return None
    text = name.rstrip(b"\0").decode("ascii", errors="ignore")[:255]
    return text if text and all(letter.isalnum() or letter in "-_." for letter in text) else None
