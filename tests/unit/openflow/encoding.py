"""OpenFlow 1.3 messages as bytes: read those that os-ken only writes, write those that it only reads."""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from os_ken.ofproto import ofproto_parser
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

PROTOCOL = ProtocolDesc(ofp.OFP_VERSION)
_OWN = ofp.OFP_HEADER_SIZE
PER_PART = 7  # entries in one part of a multipart reply


def split(stream: bytes) -> Iterator[bytes]:
    """The messages that stand one after the other in a stream."""
    while stream:
        length = int.from_bytes(stream[2:4])
        yield stream[:length]
        stream = stream[length:]


def parse(message: bytes) -> Any:
    """A message as os-ken's class, whichever side sends it."""
    version, type_, length, xid = ofproto_parser.header(message)
    assert version == ofp.OFP_VERSION and length == len(message)
    own = {ofp.OFPT_GROUP_MOD: _group_mod, ofp.OFPT_METER_MOD: _meter_mod, ofp.OFPT_PORT_MOD: _port_mod}
    if type_ in own:
        parsed = own[type_](message)
        parsed.set_xid(xid)
        return parsed
    if type_ == ofp.OFPT_BARRIER_REQUEST:
        return _with_xid(parser.OFPBarrierRequest(PROTOCOL), xid)
    if type_ == ofp.OFPT_SET_CONFIG:
        return _with_xid(parser.OFPSetConfig(PROTOCOL, *struct.unpack_from(ofp.OFP_SWITCH_CONFIG_PACK_STR, message, _OWN)), xid)
    if type_ == ofp.OFPT_MULTIPART_REQUEST:
        return _with_xid(_multipart_request(message), xid)
    parsed = ofproto_parser.msg(PROTOCOL, version, type_, length, xid, message)
    assert parsed is not None, message.hex()
    return parsed


def multipart(kind: int, xid: int, entries: Iterable[bytes]) -> Iterator[bytes]:
    """A reply in several parts, each with a few of the entries; always one at least."""
    entries = list(entries)
    parts = [entries[start : start + PER_PART] for start in range(0, len(entries), PER_PART)] or [[]]
    for number, part in enumerate(parts, 1):
        more = ofp.OFPMPF_REPLY_MORE if number < len(parts) else 0
        yield message(ofp.OFPT_MULTIPART_REPLY, xid, struct.pack(ofp.OFP_MULTIPART_REPLY_PACK_STR, kind, more) + b"".join(part))


def message(type_: int, xid: int, body: bytes = b"") -> bytes:
    """A message of a type."""
    return struct.pack(ofp.OFP_HEADER_PACK_STR, ofp.OFP_VERSION, type_, _OWN + len(body), xid) + body


def flow_stats(sent: Any) -> bytes:
    """The entry of a flow, as it was added, in the reply to a request for flows."""
    body = bytearray()
    offset = sent.match.serialize(body, 0)
    for instruction in sent.instructions:
        instruction.serialize(body, offset)
        offset += instruction.len
    length = ofp.OFP_FLOW_STATS_0_SIZE + len(body)
    times = (0, 0)
    head = (length, sent.table_id, *times, sent.priority, sent.idle_timeout, sent.hard_timeout, sent.flags, sent.cookie, 0, 0)
    return struct.pack(ofp.OFP_FLOW_STATS_0_PACK_STR, *head) + bytes(body)


def flow_removed(sent: Any, reason: int) -> bytes:
    """The message that a flow has ended."""
    body = bytearray()
    sent.match.serialize(body, 0)
    head = (sent.cookie, sent.priority, reason, sent.table_id, 0, 0, sent.idle_timeout, sent.hard_timeout, 0, 0)
    return message(ofp.OFPT_FLOW_REMOVED, 0, struct.pack(ofp.OFP_FLOW_REMOVED_PACK_STR0, *head) + bytes(body))


def group_desc(sent: Any) -> bytes:
    """The entry of a group in the reply to a request for groups."""
    body = bytearray()
    offset = 0
    for bucket in sent.buckets:
        bucket.serialize(body, offset)
        offset += bucket.len
    body += bytes(offset - len(body))
    return struct.pack(ofp.OFP_GROUP_DESC_STATS_PACK_STR, 8 + len(body), sent.type, sent.group_id) + bytes(body)


def meter_config(sent: Any) -> bytes:
    """The entry of a meter in the reply to a request for meters."""
    body = bytearray()
    offset = 0
    for band in sent.bands:
        band.serialize(body, offset)
        offset += band.len
    return struct.pack(ofp.OFP_METER_CONFIG_PACK_STR, 8 + len(body), sent.flags, sent.meter_id) + bytes(body)


def meter_features(most: int) -> bytes:
    """The features of meters, of which there can be so many."""
    return struct.pack(ofp.OFP_METER_FEATURES_PACK_STR, most, 2, 0xF, 1, 0)


def port(number: int, mac: str, *, up: bool, link: bool) -> bytes:
    """A port's description."""
    config, state = 0 if up else ofp.OFPPC_PORT_DOWN, 0 if link else ofp.OFPPS_LINK_DOWN
    return struct.pack(
        ofp.OFP_PORT_PACK_STR, number, bytes.fromhex(mac.replace(":", "")), b"port", config, state, 0, 0, 0, 0, 0, 0
    )


def port_status(reason: int, description: bytes) -> bytes:
    """The message that a port has changed."""
    return message(ofp.OFPT_PORT_STATUS, 0, struct.pack("!B7x", reason) + description)


def packet_in(sent: Any, fields: dict[str, int], frame: bytes) -> bytes:
    """A copy of a frame for the controller, sent by an action of a flow."""
    body = bytearray()
    parser.OFPMatch(**fields).serialize(body, 0)
    head = (ofp.OFP_NO_BUFFER, len(frame), ofp.OFPR_ACTION, sent.table_id, sent.cookie)
    return message(ofp.OFPT_PACKET_IN, 0, struct.pack(ofp.OFP_PACKET_IN_PACK_STR, *head) + bytes(body) + b"\0\0" + frame)


def error(type_: int, code: int, refused: bytes) -> bytes:
    """The message that another is refused."""
    xid = ofproto_parser.header(refused)[3]
    return message(ofp.OFPT_ERROR, xid, struct.pack(ofp.OFP_ERROR_MSG_PACK_STR, type_, code) + refused[:64])


def _with_xid(parsed: Any, xid: int) -> Any:
    parsed.set_xid(xid)
    return parsed


def _group_mod(buf: bytes) -> Any:
    command, type_, number = struct.unpack_from(ofp.OFP_GROUP_MOD_PACK_STR, buf, _OWN)
    offset, buckets = ofp.OFP_GROUP_MOD_SIZE, []
    while offset < len(buf):
        buckets.append(parser.OFPBucket.parser(buf, offset))
        offset += buckets[-1].len
    return parser.OFPGroupMod(PROTOCOL, command, type_, number, buckets)


def _meter_mod(buf: bytes) -> Any:
    command, flags, number = struct.unpack_from(ofp.OFP_METER_MOD_PACK_STR, buf, _OWN)
    offset, bands = ofp.OFP_METER_MOD_SIZE, []
    while offset < len(buf):
        bands.append(parser.OFPMeterBandHeader.parser(buf, offset))
        offset += bands[-1].len
    return parser.OFPMeterMod(PROTOCOL, command, flags, number, bands)


def _port_mod(buf: bytes) -> Any:
    number, mac, config, mask, advertise = struct.unpack_from(ofp.OFP_PORT_MOD_PACK_STR, buf, _OWN)
    return parser.OFPPortMod(PROTOCOL, number, mac.hex(":"), config, mask, advertise)


def _multipart_request(buf: bytes) -> Any:
    kind, flags = struct.unpack_from(ofp.OFP_MULTIPART_REQUEST_PACK_STR, buf, _OWN)
    body = ofp.OFP_HEADER_SIZE + struct.calcsize(ofp.OFP_MULTIPART_REQUEST_PACK_STR)
    match kind:
        case ofp.OFPMP_METER_FEATURES:
            return parser.OFPMeterFeaturesStatsRequest(PROTOCOL, flags)
        case ofp.OFPMP_METER_CONFIG:
            return parser.OFPMeterConfigStatsRequest(PROTOCOL, flags, *struct.unpack_from("!I4x", buf, body))
        case ofp.OFPMP_GROUP_DESC:
            return parser.OFPGroupDescStatsRequest(PROTOCOL, flags)
        case ofp.OFPMP_PORT_DESC:
            return parser.OFPPortDescStatsRequest(PROTOCOL, flags)
        case ofp.OFPMP_FLOW:
            asked = struct.unpack_from(ofp.OFP_FLOW_STATS_REQUEST_0_PACK_STR, buf, body)
            match_ = parser.OFPMatch.parser(buf, body + struct.calcsize(ofp.OFP_FLOW_STATS_REQUEST_0_PACK_STR))
            return parser.OFPFlowStatsRequest(PROTOCOL, flags, *asked, match_)
    raise NotImplementedError(kind)
