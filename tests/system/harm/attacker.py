"""A laptop that means ill: what it can send, and how it sends it."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from datacenter.addressing import mac_of
from lab.laptop import Laptop
from tests.system.harm import forged as f

SPRAY = str(Path(__file__).with_name("spray.py"))


class Sent:
    """How many frames were sent, once it is over."""

    count = 0


@contextmanager
def sending(laptop: Laptop, frames: Sequence[bytes], rate: float = 0) -> Iterator[Sent]:
    """Frames that a laptop sends round and round, `rate` a second (0: as fast as it can), until the end of the block."""
    command = (sys.executable, "-I", SPRAY, laptop.interface, str(rate))
    process = laptop.popen(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sent = Sent()
    try:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.writelines(f"{frame.hex()}\n" for frame in frames)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield sent
    finally:
        said, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        sent.count = int(said)


class Forger:
    """Makes up what a laptop of a project could claim, from its own MAC and address."""

    def __init__(self, mac: str, ip: str, container: str) -> None:
        self.mac, self.ip, self.container = mac, ip, container
        self.gateway = ip.rsplit(".", 1)[0] + ".1"
        self.victim = ip.rsplit(".", 1)[0] + ".77"

    def refused(self) -> dict[str, bytes]:
        """What nobody may ever see, by what it is."""
        return {**self._servers(), **self._claims(), **self._advertisements(), **self._tags(), **self._links()}

    def innocent(self) -> dict[str, bytes]:
        """The same in kind, that everybody may send and see."""
        group = f.BROADCAST
        return {
            "DHCP request": f.udp(self.mac, (f.ANYWHERE, f.EVERYWHERE), (68, 67), f.dhcp_message(1, 1, self.mac)),
            "ARP for itself": f.arp(self.mac, self.ip, self.ip),
            "IPv4 of its own": f.udp(self.mac, (self.ip, f.EVERYWHERE), (4000, 4001), b"own"),
            "IPv6 router solicitation": f.icmpv6(self.mac, 133, bytes(4)),
            "UDP over IPv6": f.udp6(self.mac, (4000, 4001)),
            "experimental": f.ethernet(self.mac, group, f.EXPERIMENTAL, b"own"),
            "other multicast": f.ethernet(self.mac, "01:00:5e:00:00:fb", f.EXPERIMENTAL, b"own"),
        }

    def _servers(self) -> dict[str, bytes]:
        more = bytes([54, 4]) + IPv4Address(self.ip).packed + bytes([51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0])
        more += bytes([3, 4]) + IPv4Address(self.ip).packed
        own, gateway = (self.ip, f.EVERYWHERE), (self.gateway, f.EVERYWHERE)
        offers = {kind: f.dhcp_message(2, kind, self.mac, self.victim, more) for kind in (f.OFFER, f.ACK)}
        offer = f.segment((67, 68), offers[f.OFFER])
        return {
            "DHCP offer": f.udp(self.mac, own, (67, 68), offers[f.OFFER]),
            "DHCP acknowledgement": f.udp(self.mac, own, (67, 68), offers[f.ACK]),
            "DHCP offer by the gateway": f.udp(self.mac, gateway, (67, 68), offers[f.OFFER]),
            "DHCP offer from another port": f.udp(self.mac, own, (4011, 68), offers[f.OFFER]),
            "DHCP offer with IP options": f.udp(self.mac, own, (67, 68), offers[f.OFFER], options=bytes([1] * 4)),
            "DHCP offer and a lot behind it": f.udp(self.mac, own, (67, 68), offers[f.OFFER]) + bytes(600),
            "DHCP offer, first fragment": f.ipv4(self.mac, own, f.UDP, offer[:64], fragment=0x2000),
            "DHCP offer, tiny first fragment": f.ipv4(self.mac, own, f.UDP, offer[:8], fragment=0x2000),
            "DHCPv6 reply": f.udp6(self.mac, (547, 546)),
            "DHCPv6 reply from another port": f.udp6(self.mac, (4011, 546)),
        }

    def _claims(self) -> dict[str, bytes]:
        claims: dict[str, bytes] = {}
        for whose, address in (("gateway", self.gateway), ("container", self.container)):
            mac, ends = mac_of(IPv4Address(address)), (address, f.EVERYWHERE)
            claims |= {
                f"ARP reply for the {whose}": f.arp(self.mac, address, self.victim),
                f"ARP request by the {whose}": f.arp(self.mac, address, self.victim, f.REQUEST),
                f"gratuitous ARP of the {whose}": f.arp(self.mac, address, address, f.REQUEST),
                f"ARP of the {whose}, hardware type 6": f.arp(self.mac, address, self.victim, hardware=6),
                f"ARP of the {whose}, operation 258": f.arp(self.mac, address, self.victim, 258),
                f"source IP of the {whose}": f.udp(self.mac, ends, (4000, 4001), b"claimed"),
                f"source IP of the {whose}, and a lot behind it": f.udp(self.mac, ends, (4000, 4001)) + bytes(600),
                f"source MAC of the {whose}": f.udp(mac, (self.ip, f.EVERYWHERE), (4000, 4001), b"claimed"),
                f"source MAC of the {whose}, experimental": f.ethernet(mac, f.BROADCAST, f.EXPERIMENTAL, b"claimed"),
            }
        return claims

    def _advertisements(self) -> dict[str, bytes]:
        router = _rest_of_advertisement()
        return {
            "IPv6 router advertisement": f.icmpv6(self.mac, 134, router),
            "IPv6 router advertisement behind an extension": f.icmpv6(self.mac, 134, router, hop_by_hop=True),
            "IPv6 redirect": f.icmpv6(self.mac, 137, bytes(36)),
        }

    def _tags(self) -> dict[str, bytes]:
        plain = f.ethernet(self.mac, f.BROADCAST, f.EXPERIMENTAL, b"tagged")
        tags = {
            "tag": [(0x8100, 3)],
            "priority tag": [(0x8100, 0)],
            "service tag": [(0x88A8, 3)],
            "two tags": [(0x8100, 2), (0x8100, 3)],
            "service tag and tag": [(0x88A8, 2), (0x8100, 3)],
        }
        return {name: f.tagged(plain, *tag) for name, tag in tags.items()}

    def _links(self) -> dict[str, bytes]:
        """What ends at every bridge (IEEE 802.1D), and addresses that no sender has."""
        links = {
            "LLDP": ("0e", 0x88CC),
            "BPDU": ("00", 0x0027),
            "pause": ("01", 0x8808),
            "LACP": ("02", 0x8809),
            "802.1X": ("03", 0x888E),
        }
        own = {
            name: f.ethernet(self.mac, f"01:80:c2:00:00:{last}", eth_type, b"link") for name, (last, eth_type) in links.items()
        }
        sources = {"broadcast": f.BROADCAST, "multicast": "03:00:00:00:00:01", "nobody": f.NOBODY}
        return own | {
            f"sent by {name}": f.ethernet(src, f.BROADCAST, f.EXPERIMENTAL, b"sender") for name, src in sources.items()
        }  # fmt: skip


def _rest_of_advertisement() -> bytes:
    """A router advertisement's rest: a lifetime of half an hour, and a prefix to make addresses of."""
    prefix = bytes([3, 4, 64, 0xC0]) + (3600).to_bytes(4) * 2 + bytes(4) + IPv6Address("2001:db8:bad::").packed
    return bytes([64, 0]) + (1800).to_bytes(2) + bytes(8) + prefix
