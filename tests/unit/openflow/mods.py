"""Messages that change a switch, in few words."""

from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow.encoding import PROTOCOL

Output, Group, SetField = parser.OFPActionOutput, parser.OFPActionGroup, parser.OFPActionSetField
PushVlan, PopVlan, Goto = parser.OFPActionPushVlan, parser.OFPActionPopVlan, parser.OFPInstructionGotoTable
CONTROLLER = Output(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)


def apply(*actions: Any) -> Any:
    return parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)


def write(*actions: Any) -> Any:
    return parser.OFPInstructionActions(ofp.OFPIT_WRITE_ACTIONS, actions)


def metadata(value: int, mask: int = 2**64 - 1) -> Any:
    return parser.OFPInstructionWriteMetadata(value, mask)


def flow(
    *instructions: Any,
    priority: int = 1,
    table: int = 0,
    command: int = ofp.OFPFC_ADD,
    idle: int = 0,
    cookie: tuple[int, int] = (0, 0),
    out_port: int = ofp.OFPP_ANY,
    out_group: int = ofp.OFPG_ANY,
    **fields: Any,
) -> Any:
    """A flow-mod; the cookie has a mask."""
    return parser.OFPFlowMod(
        PROTOCOL,
        *cookie,
        table,
        command,
        idle,
        priority=priority,
        out_port=out_port,
        out_group=out_group,
        flags=ofp.OFPFF_SEND_FLOW_REM,
        match=parser.OFPMatch(**fields),
        instructions=list(instructions),
    )


def group(number: int, *buckets: list[Any], command: int = ofp.OFPGC_ADD, kind: int = ofp.OFPGT_ALL) -> Any:
    return parser.OFPGroupMod(PROTOCOL, command, kind, number, [parser.OFPBucket(actions=actions) for actions in buckets])


def meter(number: int, command: int = ofp.OFPMC_ADD) -> Any:
    return parser.OFPMeterMod(PROTOCOL, command, ofp.OFPMF_PKTPS, number, [parser.OFPMeterBandDrop(1, 1)])
