"""Flows of the datacenter's own bridges; the only caller of ovs-ofctl."""

import re
import socket
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Network

from datacenter.addressing import mac_of
from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.following import follow

TIMEOUT = 10  # seconds
# On the VTEP bridge, ahead of every project's flows. Open vSwitch parses one VLAN tag (its default vlan-limit): a frame with
# two has the type of a tag behind the first.
STANDING = (
    "priority=200,ipv6 actions=drop",  # containers and routers speak IPv4 only
    "priority=200,dl_type=0x8100 actions=drop",
    "priority=200,dl_type=0x88a8 actions=drop",
)
HEXADECIMAL = re.compile(r"\b0x[0-9a-f]+\b")
SAME = {"dl_vlan=65535": "vlan_tci=0/8191"}  # as one asks for no tag, and as it is printed
OFPVID_PRESENT = 0x1000
UNTAGGED = "dl_vlan=0xffff"  # in the words of OpenFlow 1.0, OFP_VLAN_NONE


def greet(bridge: str) -> None:
    """Have ovs-vswitchd say hello as it does to every controller; raises DatacenterUnavailable where it does not."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(f"/var/run/openvswitch/{bridge}.mgmt")
            if not client.recv(1):
                raise ConnectionError("it hung up")
    except OSError as error:
        raise DatacenterUnavailable(f"Bridge {bridge} does not answer ({error}); is ovs-vswitchd running?") from error


def project_cookie(project_id: int) -> int:
    """Cookie of a project's flows: they are found and removed by it."""
    return 0x6E6D_0000_0000_0000 | project_id


def tunnel_flows(project_id: int, vlan: int, tunnel: int, patch: int) -> list[str]:
    """The two flows that join a project's patch port to a switch's tunnel port (ofports); what is tagged inside is dropped."""
    own = _own(project_id)
    return [
        f"{own},in_port={tunnel},tun_id={vlan},{UNTAGGED} actions=output:{patch}",
        f"{own},in_port={patch},{UNTAGGED} actions=set_field:{vlan}->tun_id,output:{tunnel}",
    ]


def trunk_flows(project_id: int, vlan: int, trunk: int, patch: int) -> list[str]:
    """The two flows that join a project's patch port to a trunk NIC (ofports), where the tag is the project's VLAN."""
    own = _own(project_id)
    return [
        f"{own},in_port={trunk},dl_vlan={vlan} actions=pop_vlan,output:{patch}",
        f"{own},in_port={patch},{UNTAGGED} actions=push_vlan:0x8100,set_field:{vlan | OFPVID_PRESENT}->vlan_vid,output:{trunk}",
    ]


def _own(project_id: int) -> str:
    return f"cookie={project_cookie(project_id):#x},priority=100"


def routing_flows(public: IPv4Network, uplink: int | None) -> list[str]:
    """Flows of the routing bridge: what comes from outside (ofport; None: the host itself) reaches the one router it is for.

    Table 1 has the port of each router that has spoken. A switch that only learns MACs sends to all routers what is for
    one that it does not know, as after its crash, or when the router was removed.
    """
    pool = f"{mac_of(public.network_address)}/ff:ff:{public.netmask.packed.hex(':')}"
    outside = f"in_port={'LOCAL' if uplink is None else uplink}"
    learn = "learn(table=1,priority=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])"
    return [
        f"priority=30,{outside},dl_dst={pool} actions=resubmit(,1)",
        f"priority=25,{outside} actions=NORMAL",
        f"priority=20,dl_src={pool} actions={learn},NORMAL",
        "priority=0 actions=NORMAL",
    ]


def replace_flows(bridge: str, project_id: int, flows: list[str]) -> None:
    """Make these the only flows of the project on the bridge, in one atomic bundle."""
    _bundle(bridge, f"delete cookie={project_cookie(project_id):#x}/-1", *(f"add {flow}" for flow in flows))


def replace_table(bridge: str, flows: list[str]) -> None:
    """Make these the only flows of the bridge's first table, in one atomic bundle."""
    _bundle(bridge, "delete table=0", *(f"add {flow}" for flow in flows))


def install_flows(bridge: str, flows: list[str]) -> None:
    """Add flows, replacing those of the same match and priority."""
    _bundle(bridge, *(f"add {flow}" for flow in flows))


def dump_flows(bridge: str) -> list[str]:
    """Flows of a bridge's first table without counters, one line each."""
    return [line.strip() for line in _ofctl("--no-stats", "dump-flows", bridge, "table=0").splitlines() if "actions=" in line]


def watch_flows(bridge: str, changed: Callable[[], None]) -> None:
    """Call `changed` whenever a flow is deleted; ends, perhaps by DatacenterUnavailable, with ovs-vswitchd or the bridge."""
    follow(["ovs-ofctl", "monitor", bridge, "watch:!initial,!add,!modify"], changed)


def normal(flow: str) -> str:
    """A flow as one may compare it with others: what ovs-ofctl takes and what it prints become the same text; pure."""
    match, _, actions = HEXADECIMAL.sub(lambda number: str(int(number[0], 16)), flow.strip()).partition(" actions=")
    fields = sorted(SAME.get(field, field) for field in re.split(r"[ ,]+", match) if field)
    return f"{','.join(fields)} actions={actions}"


def _bundle(bridge: str, *changes: str) -> None:
    """All of these changes of flows, or none."""
    _ofctl("--bundle", "add-flows", bridge, "-", stdin="\n".join(changes) + "\n")


def _ofctl(*arguments: str, stdin: str | None = None) -> str:
    command = ["ovs-ofctl", "-O", "OpenFlow14", *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except subprocess.CalledProcessError as error:
        raise DatacenterError(f"{' '.join(command)} failed: {error.stderr.strip()}.") from error
    except subprocess.TimeoutExpired as error:
        raise DatacenterUnavailable(f"{' '.join(command)} did not answer within {TIMEOUT} s.") from error
    except FileNotFoundError as error:
        raise DatacenterError("ovs-ofctl is not installed: install openvswitch-switch.") from error
    return done.stdout
