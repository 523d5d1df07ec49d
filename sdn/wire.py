"""Translates between the vocabulary of `flows.py` and os-ken's OpenFlow 1.3 messages."""

from collections.abc import Iterable
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from sdn import flows as f
from sdn import tables
from sdn.events import PacketIn, Port

ALL_BITS = 0xFFFFFFFF_FFFFFFFF
ETH_TYPE_VLAN = 0x8100
VLAN_PRESENT = ofp.OFPVID_PRESENT
READ_TABLE = [  # flows last: a flow that ends meanwhile is told of after they are
    parser.OFPMeterFeaturesStatsRequest,
    parser.OFPMeterConfigStatsRequest,
    parser.OFPGroupDescStatsRequest,
    parser.OFPPortDescStatsRequest,
    parser.OFPFlowStatsRequest,
]
FRAGMENTS = 3  # of Open vSwitch: a first fragment has the ports of its datagram (ovs-ofctl set-frags nx-match)
NOT_OURS = f.Output(ofp.OFPP_ANY)  # stands for what we never do, so that a foreign flow is equal to none of ours
FULL_MASK = {"metadata": ALL_BITS}
METER_FLAGS = ofp.OFPMF_PKTPS | ofp.OFPMF_BURST


def encode(datapath: Any, message: f.Message) -> list[Any]:
    """The OpenFlow messages of a message, unserialized."""
    match message:
        case f.AddFlow() | f.DeleteFlow():
            return [_flow_mod(datapath, message)]
        case f.AddGroup() | f.ModifyGroup() | f.DeleteGroup():
            return [_group_mod(datapath, message)]
        case f.AddMeter() | f.ModifyMeter() | f.DeleteMeter():
            return [_meter_mod(datapath, message)]
        case f.SetPort(port, mac, up):
            config = 0 if up else ofp.OFPPC_PORT_DOWN
            return [parser.OFPPortMod(datapath, port, mac, config, ofp.OFPPC_PORT_DOWN, 0)]
        case f.Barrier():
            return [parser.OFPBarrierRequest(datapath)]
        case f.ReadTable():
            config = parser.OFPSetConfig(datapath, FRAGMENTS, ofp.OFPCML_MAX)
            return [config, *(request(datapath) for request in READ_TABLE)]


def decode_flow(stats: Any) -> f.Flow:
    """The flow that an OFPFlowStats or OFPFlowRemoved tells of; of a removed one the instructions are not known."""
    silent = stats.idle_timeout and not getattr(stats, "flags", 0) & ofp.OFPFF_SEND_FLOW_REM
    actions: tuple[f.Action, ...] = (NOT_OURS,) if stats.hard_timeout or silent else ()
    meter = metadata = goto = None
    for instruction in getattr(stats, "instructions", []):
        match instruction:
            case parser.OFPInstructionMeter():
                meter = instruction.meter_id
            case parser.OFPInstructionWriteMetadata():
                metadata = instruction.metadata
                actions += () if instruction.metadata_mask == ALL_BITS else (NOT_OURS,)
            case parser.OFPInstructionGotoTable():
                goto = instruction.table_id
            case parser.OFPInstructionActions():
                applied = instruction.type == ofp.OFPIT_APPLY_ACTIONS
                actions += _actions(instruction.actions) if applied else (NOT_OURS,)
    key = stats.table_id, stats.priority, f.match(**_fields(stats.match))
    return f.Flow(*key, stats.cookie, actions, meter, metadata, goto, stats.idle_timeout)


def decode_group(stats: Any) -> f.Group:
    """The group that an OFPGroupDescStats tells of."""
    buckets = tuple(_actions(bucket.actions) for bucket in stats.buckets)
    return f.Group(stats.group_id, buckets if stats.type == ofp.OFPGT_ALL else ())


def decode_meter(stats: Any) -> f.Meter:
    """The meter that an OFPMeterConfigStats tells of; rate 0 for one that is not like ours."""
    rate = stats.bands[0].rate if stats.bands else 0
    bands = [(band.type, band.burst_size) for band in stats.bands]
    like_ours = stats.flags & METER_FLAGS == METER_FLAGS and bands == [(ofp.OFPMBT_DROP, _burst(rate))]
    return f.Meter(stats.meter_id, rate if like_ours else 0)


def decode_port(description: Any) -> Port:
    """The port that an OFPPort tells of."""
    return Port(
        description.hw_addr,
        up=not description.config & ofp.OFPPC_PORT_DOWN,
        link=not description.state & ofp.OFPPS_LINK_DOWN,
    )


def decode_packet_in(message: Any) -> PacketIn:
    """The event of an OFPPacketIn."""
    return PacketIn(
        message.match["in_port"], message.match.get("metadata", 0), bytes(message.data), message.cookie == tables.OF_UNKNOWN
    )  # fmt: skip


def decode_error(message: Any) -> str:
    """What an OFPErrorMsg says, in a few words."""
    return f"{ofp.ofp_error_type_to_str(message.type)}: {ofp.ofp_error_code_to_str(message.type, message.code)}"


def _flow_mod(datapath: Any, message: f.FlowMod) -> Any:
    flow = message.flow if isinstance(message, f.AddFlow) else None
    table, priority, fields = message.flow.key if isinstance(message, f.AddFlow) else message.key
    return parser.OFPFlowMod(
        datapath,
        table_id=table,
        priority=priority,
        match=parser.OFPMatch(**dict(fields)),
        command=ofp.OFPFC_ADD if flow else ofp.OFPFC_DELETE_STRICT,
        cookie=flow.cookie if flow else 0,
        idle_timeout=flow.idle_timeout if flow else 0,
        flags=ofp.OFPFF_SEND_FLOW_REM if flow and flow.idle_timeout else 0,
        out_port=ofp.OFPP_ANY,
        out_group=ofp.OFPG_ANY,
        buffer_id=ofp.OFP_NO_BUFFER,
        instructions=_instructions(flow) if flow else [],
    )


def _instructions(flow: f.Flow) -> list[Any]:
    instructions: list[Any] = []
    if flow.meter is not None:
        instructions.append(parser.OFPInstructionMeter(flow.meter))
    if flow.actions:
        instructions.append(parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, _os_ken_actions(flow.actions)))
    if flow.metadata is not None:
        instructions.append(parser.OFPInstructionWriteMetadata(flow.metadata, ALL_BITS))
    if flow.goto is not None:
        instructions.append(parser.OFPInstructionGotoTable(flow.goto))
    return instructions


def _group_mod(datapath: Any, message: f.GroupMod) -> Any:
    if isinstance(message, f.DeleteGroup):
        return parser.OFPGroupMod(datapath, ofp.OFPGC_DELETE, ofp.OFPGT_ALL, message.id)
    command = ofp.OFPGC_ADD if isinstance(message, f.AddGroup) else ofp.OFPGC_MODIFY
    buckets = [parser.OFPBucket(0, ofp.OFPP_ANY, ofp.OFPG_ANY, _os_ken_actions(actions)) for actions in message.group.buckets]
    return parser.OFPGroupMod(datapath, command, ofp.OFPGT_ALL, message.group.id, buckets)


def _meter_mod(datapath: Any, message: f.MeterMod) -> Any:
    if isinstance(message, f.DeleteMeter):
        return parser.OFPMeterMod(datapath, ofp.OFPMC_DELETE, 0, message.id)
    command = ofp.OFPMC_ADD if isinstance(message, f.AddMeter) else ofp.OFPMC_MODIFY
    rate = message.meter.rate
    band = parser.OFPMeterBandDrop(rate, _burst(rate))
    return parser.OFPMeterMod(datapath, command, METER_FLAGS, message.meter.id, [band])


def _burst(rate: int) -> int:
    """What a meter lets through at once: a fifth of a second's, for a whole one's overflows the queue of an uplink."""
    return max(1, rate // 5)


def _os_ken_actions(actions: Iterable[f.Action]) -> list[Any]:
    made: list[Any] = []
    for action in actions:
        match action:
            case f.Output(port):
                made.append(parser.OFPActionOutput(port, ofp.OFPCML_NO_BUFFER))
            case f.ToGroup(group):
                made.append(parser.OFPActionGroup(group))
            case f.SetTunnel(vni):
                made.append(parser.OFPActionSetField(tunnel_id=vni))
            case f.PushVlan(vlan):
                made += [parser.OFPActionPushVlan(ETH_TYPE_VLAN), parser.OFPActionSetField(vlan_vid=VLAN_PRESENT | vlan)]
            case f.PopVlan():
                made.append(parser.OFPActionPopVlan())
    return made


def _actions(actions: Iterable[Any]) -> tuple[f.Action, ...]:
    """Actions in our words."""
    read: list[f.Action] = []
    pushed = False
    for action in actions:
        match action:
            case parser.OFPActionOutput() if action.port != f.CONTROLLER or action.max_len == ofp.OFPCML_NO_BUFFER:
                read.append(f.Output(action.port))
            case parser.OFPActionGroup():
                read.append(f.ToGroup(action.group_id))
            case parser.OFPActionSetField(key="tunnel_id"):
                read.append(f.SetTunnel(action.value))
            case parser.OFPActionSetField(key="vlan_vid") if pushed:
                read[-1] = f.PushVlan(action.value & ~VLAN_PRESENT)
            case parser.OFPActionPopVlan():
                read.append(f.PopVlan())
            case _:
                read.append(NOT_OURS)
        pushed = isinstance(action, parser.OFPActionPushVlan) and action.ethertype == ETH_TYPE_VLAN
    return tuple(read)


def _fields(match: Any) -> dict[str, f.Value]:
    """Fields of an OFPMatch; one masked with all ones is one without a mask, as switches return either."""
    fields = dict(match.items())
    for name, value in fields.items():
        if isinstance(value, tuple) and value[1] == FULL_MASK.get(name):
            fields[name] = value[0]
    return fields
