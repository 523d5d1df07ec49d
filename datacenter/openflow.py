"""Flows of the datacenter's own bridges; the only caller of ovs-ofctl."""

import socket
import subprocess

from datacenter.errors import DatacenterError, DatacenterUnavailable

TIMEOUT = 10  # seconds
# On the VTEP bridge, ahead of every project's flows. Open vSwitch parses one VLAN tag (its default vlan-limit): a frame with
# two has the type of a tag behind the first.
STANDING = (
    "priority=200,ipv6 actions=drop",  # containers and routers speak IPv4 only
    "priority=200,dl_type=0x8100 actions=drop",
    "priority=200,dl_type=0x88a8 actions=drop",
)
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


def replace_flows(bridge: str, project_id: int, flows: list[str]) -> None:
    """Make these the only flows of the project on the bridge, in one atomic bundle."""
    lines = [f"delete cookie={project_cookie(project_id):#x}/-1", *(f"add {flow}" for flow in flows)]
    _ofctl("--bundle", "add-flows", bridge, "-", stdin="\n".join(lines) + "\n")


def install_flows(bridge: str, flows: list[str]) -> None:
    """Add flows, replacing those of the same match and priority."""
    _ofctl("--bundle", "add-flows", bridge, "-", stdin="\n".join(f"add {flow}" for flow in flows) + "\n")


def dump_flows(bridge: str) -> list[str]:
    """Flows of a bridge without counters, one line each."""
    return [line.strip() for line in _ofctl("--no-stats", "dump-flows", bridge).splitlines() if "actions=" in line]


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
