"""What is read from copied frames, whatever somebody has made up."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdn.frames import Told, sender, told
from tests.unit.room import frames
from tests.unit.room.frames import NOTHING, arp, dhcp_message, ethernet, icmpv6, ipv4, octets, udp
from tests.unit.room.networks import container, laptop
from tests.unit.room.strategies import any_frame

A, B = laptop(1), laptop(2)
LEASED = "10.64.2.33"


@pytest.mark.parametrize("op", [1, 2])
def test_arp_tells_the_address_of_its_sender(op: int) -> None:
    assert told(arp(A, "10.64.2.9", "10.64.2.1", op=op)) == Told(A, "10.64.2.9")


def test_an_arp_probe_tells_no_address() -> None:
    assert told(arp(A, NOTHING, "10.64.2.9")) == Told(A)


def test_arp_that_tells_of_another_is_of_the_other() -> None:
    assert told(arp(A, "10.64.2.9", "10.64.2.1", sha=B)) == Told(B, "10.64.2.9")


def test_a_request_for_a_lease_tells_the_name() -> None:
    assert told(dhcp_message(A, 1, name="anna-laptop")) == Told(A, None, "anna-laptop")
    assert told(dhcp_message(A, 3, name="Anna_2.local")) == Told(A, None, "Anna_2.local")
    assert told(dhcp_message(A, 3)) == Told(A)


def test_a_lease_tells_the_address_of_the_client() -> None:
    assert told(dhcp_message(container(2, 1), 5, dst=A, server=True, leased=LEASED, chaddr=A)) == Told(A, LEASED)


@pytest.mark.parametrize(("message", "leased"), [(2, LEASED), (6, LEASED), (5, NOTHING)])
def test_what_is_no_lease_tells_no_address(message: int, leased: str) -> None:
    assert told(dhcp_message(container(2, 1), message, dst=A, server=True, leased=leased, chaddr=A)) == Told(A)


@pytest.mark.parametrize("name", ["<script>", "a b", "a\nb", "a\0b", "'; DROP TABLE", "\x1b[2J", "\0\0"])
def test_a_name_that_is_none_is_not_told(name: str) -> None:
    assert told(dhcp_message(A, 1, name=name)) == Told(A)


def test_a_name_may_end_in_zeros() -> None:
    assert told(dhcp_message(A, 1, name="anna\0\0")) == Told(A, None, "anna")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        bytes(14),
        bytes(1500),
        ethernet(A),
        ipv4(A, B, "10.64.2.9", "10.64.2.10"),
        icmpv6(A, 135),
        udp(A, frames.BROADCAST, NOTHING, "255.255.255.255", (68, 67)),
        udp(A, B, "10.64.2.9", "10.64.2.10", (53, 53), b"x" * 40),
        ipv4(A, B, "10.64.2.9", "10.64.2.10", protocol=17, payload=bytes([0, 68, 0, 67]), fragment=10),
    ],
)
def test_other_frames_tell_nothing(frame: bytes) -> None:
    assert told(frame) is None


@given(st.binary(max_size=400))
def test_noise_breaks_nothing(frame: bytes) -> None:
    well_formed(told(frame))
    sender(frame)


@given(any_frame)
def test_no_frame_breaks_anything(frame: bytes) -> None:
    well_formed(told(frame))
    assert sender(frame) in (None, frame[6:12].hex(":"))


@given(
    st.sampled_from([arp(A, "10.64.2.9", "10.64.2.1"), dhcp_message(A, 3, name="anna"), dhcp_message(A, 5, leased=LEASED)]),
    st.data(),
)
def test_a_bent_frame_breaks_nothing(frame: bytes, data: st.DataObject) -> None:
    bent = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 5))):
        bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
    well_formed(told(bytes(bent[: data.draw(st.integers(0, len(bent)))])))


@given(st.binary(max_size=80))
def test_noise_behind_the_header_of_dhcp_or_arp_breaks_nothing(noise: bytes) -> None:
    well_formed(told(udp(A, frames.BROADCAST, NOTHING, "255.255.255.255", (68, 67), noise)))
    well_formed(told(udp(A, frames.BROADCAST, NOTHING, "255.255.255.255", (68, 67), dhcp_message(A, 1)[42:282] + noise)))
    well_formed(told(ethernet(A, eth_type=0x0806, payload=noise)))


def well_formed(result: Told | None) -> None:
    """What is told can be written to the database, and shown to staff."""
    if result is None:
        return
    assert len(octets(result.mac)) == 6
    assert result.mac == octets(result.mac).hex(":")
    if result.ip is not None:
        assert str(IPv4Address(result.ip)) == result.ip != NOTHING
    if result.hostname is not None:
        assert result.hostname.isascii() and result.hostname.isprintable() and 0 < len(result.hostname) <= 255
        assert not set(result.hostname) & set("<>&\"' ")


def test_a_senders_address_is_one_hosts() -> None:
    assert sender(ethernet(A)) == A
    for mac in frames.BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01", frames.NOBODY:
        assert sender(ethernet(mac)) is None
    for stub in b"", bytes(11), octets(A):
        assert sender(stub) is None
