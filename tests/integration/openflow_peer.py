"""A peer that speaks OpenFlow 1.3 badly: what no switch sends, the controller gets from it."""

import socket
from collections.abc import Callable
from typing import Self

from os_ken.ofproto import ofproto_parser
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc


class Peer:
    """A connection to the controller that shakes hands as a switch would."""

    def __init__(self, port: int, dpid: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._protocol = ProtocolDesc(ofp.OFP_VERSION)
        self._dpid = dpid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def shake_hands(self) -> None:
        """Until the controller takes this for a switch."""
        self._send(parser.OFPHello(self._protocol))
        self._answer(ofp.OFPT_FEATURES_REQUEST, self._features)
        self._answer(ofp.OFPT_MULTIPART_REQUEST, self._no_ports)

    def send_packet_in_from_nowhere(self) -> None:
        """A packet-in that names no port."""
        match, frame = bytearray(8), bytes(14)
        parser.OFPMatch().serialize(match, 0)
        fixed = int(ofp.OFP_NO_BUFFER).to_bytes(4, "big") + len(frame).to_bytes(2, "big") + bytes([ofp.OFPR_ACTION, 0]) + bytes(8)
        self._socket.sendall(_message(ofp.OFPT_PACKET_IN, 0, fixed + match + bytes(2) + frame))

    def _features(self, xid: int) -> bytes:
        return _message(
            ofp.OFPT_FEATURES_REPLY, xid, self._dpid.to_bytes(8, "big") + bytes([0, 0, 0, 0, 254, 0, 0, 0]) + bytes(8)
        )

    def _no_ports(self, xid: int) -> bytes:
        return _message(ofp.OFPT_MULTIPART_REPLY, xid, int(ofp.OFPMP_PORT_DESC).to_bytes(2, "big") + bytes(6))

    def _answer(self, kind: int, reply: Callable[[int], bytes]) -> None:
        """Wait for a request of this kind and answer it."""
        while True:
            header = self._receive(ofproto_parser.ofproto_common.OFP_HEADER_SIZE)
            _, got, length, xid = ofproto_parser.header(header)
            self._receive(length - len(header))
            if got == kind:
                self._socket.sendall(reply(xid))
                return

    def _send(self, message: parser.OFPHello) -> None:
        message.set_xid(1)
        message.serialize()
        self._socket.sendall(message.buf)

    def _receive(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self._socket.recv(length - len(data))
            assert piece, "the controller hung up"
            data += piece
        return data


def _message(kind: int, xid: int, body: bytes) -> bytes:
    return bytes([ofp.OFP_VERSION, kind]) + (8 + len(body)).to_bytes(2, "big") + xid.to_bytes(4, "big") + body
