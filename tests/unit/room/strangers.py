"""Random OpenFlow messages of somebody else, of which a switch may refuse some."""

from hypothesis import strategies as st
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow.encoding import PROTOCOL
from tests.unit.room.strategies import VLANS, destinations, ports, sources, tunnels

_numbers = st.integers(1, 8) | st.sampled_from(VLANS)
_matches = st.fixed_dictionaries(
    {},
    optional={
        "in_port": ports,
        "eth_dst": destinations | st.tuples(st.sampled_from(["01:00:00:00:00:00"]), st.sampled_from(["01:00:00:00:00:00"])),
        "metadata": st.sampled_from(VLANS) | st.just((2, 3)),
        "tunnel_id": tunnels,
        "eth_src": sources,
        "vlan_vid": st.just((0x1000, 0x1000)),
    },
)
_actions = st.lists(
    st.builds(parser.OFPActionOutput, ports | st.sampled_from([ofp.OFPP_NORMAL, ofp.OFPP_CONTROLLER]))
    | st.builds(parser.OFPActionGroup, _numbers)
    | st.builds(lambda vni: parser.OFPActionSetField(tunnel_id=vni), tunnels)
    | st.builds(lambda mac: parser.OFPActionSetField(eth_src=mac), sources),
    max_size=3,
)
_instructions = st.builds(
    lambda kind, actions, metadata, goto, meter: [
        *([parser.OFPInstructionMeter(meter)] if meter else []),
        *([parser.OFPInstructionActions(kind, actions)] if actions else []),
        *([parser.OFPInstructionWriteMetadata(*metadata)] if metadata else []),
        *([parser.OFPInstructionGotoTable(goto)] if goto else []),
    ],
    st.sampled_from([ofp.OFPIT_APPLY_ACTIONS, ofp.OFPIT_WRITE_ACTIONS]),
    _actions,
    st.none() | st.tuples(st.sampled_from(VLANS), st.sampled_from([0xFFFF, 2**64 - 1])),
    st.none() | st.integers(1, 9),
    st.none() | st.none() | _numbers,
)
_flows = st.builds(
    lambda table, priority, fields, instructions, idle, hard, flags, cookie: parser.OFPFlowMod(
        PROTOCOL,
        cookie=cookie,
        table_id=table,
        priority=priority,
        match=parser.OFPMatch(**fields),
        instructions=instructions,
        idle_timeout=idle,
        hard_timeout=hard,
        flags=flags,
    ),
    st.integers(0, 4),
    st.sampled_from([0, 10, 100, 200, 300, 310, 500, 600, 0xFFFF]),
    _matches,
    _instructions,
    st.sampled_from([0, 300]),
    st.sampled_from([0, 0, 60]),
    st.sampled_from([0, ofp.OFPFF_SEND_FLOW_REM]),
    st.integers(0, 3),
)
_groups = st.builds(
    lambda kind, number, actions: parser.OFPGroupMod(
        PROTOCOL, ofp.OFPGC_ADD, kind, number, [parser.OFPBucket(actions=each) for each in actions]
    ),
    st.sampled_from([ofp.OFPGT_ALL, ofp.OFPGT_INDIRECT, ofp.OFPGT_SELECT]),
    _numbers,
    st.lists(_actions, max_size=3),
)
_meters = st.builds(
    lambda flags, number, rate: parser.OFPMeterMod(PROTOCOL, ofp.OFPMC_ADD, flags, number, [parser.OFPMeterBandDrop(rate, 0)]),
    st.sampled_from([ofp.OFPMF_PKTPS, ofp.OFPMF_KBPS]),
    _numbers,
    st.sampled_from([1, 100, 500]),
)
strangers = st.lists(_groups | _meters | _flows | _flows, max_size=8)
