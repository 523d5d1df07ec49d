"""What is done behind NetManager's back, as scripts, and what reconcile must say of it.

`$web` and `$db` are Docker's names of two containers of the project, `$idle` of one that is stopped.
"""

from tests.system.stack import BASE_IMAGE, DATABASE, DOCKER_HOST, INSTANCE, POSTGRES_PORT, run
from tests.system.state.facts import NAMES, STATE

FUNCTIONS = f"""
sql() {{ runuser -u postgres -- psql -p {POSTGRES_PORT} -d {DATABASE} -qtAXc "$1"; }}
of() {{ echo external_ids:netmanager.instance=$instance external_ids:netmanager.project=$1; }}
stray() {{ ovs-vsctl add-port $bridge $instance-${{1}}stray -- set interface $instance-${{1}}stray $(of $project) "${{@:2}}"; }}
patch() {{ ovs-vsctl list-ports $bridge | grep -m1 -- '-s[0-9]*$'; }}
half_removed() {{
    local kept=$(docker inspect -f '{{{{.GraphDriver.Data.UpperDir}}}}' $1)/kept
    touch $kept && chattr +i $kept
    docker rm -f $1 && return 1
    chattr -i $kept
}}
its_flows=cookie=$(printf '0x6e6d%012x' $project)
port_of() {{ ovs-vsctl -f csv -d bare --no-headings --columns name find interface external_ids:netmanager.address="$1"; }}
"""
HARM: dict[str, tuple[str, str]] = {
    "the project's bridge": ("ovs-vsctl del-br $bridge", r"network {bridge}: the bridge is missing"),
    "the VTEP bridge": ("ovs-vsctl del-br $vtep", r"host: host {vtep}: the bridge is missing"),
    "the routing bridge": ("ovs-vsctl del-br $routing", r"host: host {routing}: the bridge is missing"),
    "the routing bridge's flows": (
        "ovs-ofctl -O OpenFlow14 del-flows $routing",
        r"host: host {routing}: its flows are not there, or are others",
    ),
    "a patch port": ("ovs-vsctl del-port $(patch)", r"network \S+: the patch port"),
    "a patch port to nowhere": (
        "stray p type=patch options:peer=none",
        r"network \S+-pstray: the patch port leads to no switch",
    ),
    "a tunnel port": ("ovs-vsctl del-port $(ovs-vsctl list-ports $vtep | grep -m1 -- -vx)", r"host: host \S+-vx\d+: the switch"),
    "its flows": (
        "ovs-ofctl -O OpenFlow14 del-flows $vtep $its_flows/-1",
        r"flows {vtep}: its flows are not there",
    ),
    "all flows of the VTEP bridge": ("ovs-ofctl del-flows $vtep", r"host: host {vtep}: flows that stand ahead"),
    "another's flow": (
        "ovs-ofctl -O OpenFlow14 add-flow $vtep $its_flows,priority=150,in_port=77,actions=output:1",
        r"flows {vtep}: its flows are not there, or are others",
    ),
    "the router": ("docker rm -f $router", r"network {router}: the router is missing"),
    "a stopped router": ("docker stop -t0 $router", r"network {router}: the router is exited"),
    "rules of the router": (
        "nsenter -t $(docker inspect -f '{{.State.Pid}}' $router) -n nft flush chain ip netmanager postrouting",
        r"rules {router}: they are not those",
    ),
    "a container": ("docker rm -f $web", r"container web: it is gone from the engine"),
    "a container that is removed half": ("half_removed $web", r"container web: it is gone from the engine"),
    "a stopped container that is removed half": ("half_removed $idle", r"container idle: it is gone from the engine"),
    "a router that is removed half": ("half_removed $router", r"network {router}: the router is missing"),
    "a stopped container": ("docker stop -t0 $web", r"container web: it is to run, and is exited"),
    "a paused container": ("docker pause $web", r"container web: it is to run, and is paused"),
    "a container that should be stopped": ("docker start $idle", r"container idle: it is to be stopped, and is running"),
    "a renamed container": ("docker rename $web $web.other", r"container web: the engine has it as \S+\.other"),
    "a container that nobody knows": (
        "docker create --name $web.x -l $ours -l $its -l netmanager.container=x --network none $NETMANAGER_BASE_IMAGE true",
        r"container x: nobody knows \S+web\.x",
    ),
    "a container's port": ("ovs-vsctl del-port $(port_of $address)", r"connection {web}: it runs and is not connected"),
    "a container's interface": ("ip link del $(port_of $address)", r"connection {web}: it runs and is not connected"),
    "an MTU": ("ip link set $(port_of $address) mtu 1300", r"connection {web}: its MTU is not \d+"),
    "a dead port": (
        "stray h type=internal external_ids:iface-id=dead",
        r"port \S+-hstray: it leads to no container",
    ),
    "an interface that belongs to nothing": (
        "ip link add $instance-h012345678 type veth peer name $instance-c012345678",
        r"host: link \S+-h012345678: it belongs to no container",
    ),
    "the firewall": ("nft delete table inet $table", r"host: host firewall: nftables has no table"),
    "a rule of the firewall": (
        "nft delete rule inet $table input $(nft -a list chain inet $table input | grep -v chain | grep -om1 'handle [0-9]*$')",
        r"host: host firewall: the rules",
    ),
    "a name": ("rm $hosts/web", r"name web: the router is to answer 10\S+ and answers nothing"),
    "a name with another address": ("echo 192.0.2.1 web >$hosts/web", r"name web: the router is to answer 10\S+ and answers 192"),
    "a name of nobody": ("echo 192.0.2.1 ghost >$hosts/ghost", r"name ghost: the router is to answer nothing"),
    "a bridge of a project without network": (
        "ovs-vsctl add-br $instance-p99 -- set bridge $instance-p99 datapath_type=netdev $(of 99)",
        r"project 99: leftover \S+-p99: its project has no network",
    ),
    "a volume of a project without network": (
        "docker volume create --label $ours --label netmanager.project=99 $instance-p99-leases",
        r"project 99: leftover \S+-p99-leases: its project has no network",
    ),
    "a build's step": (
        "docker create --name loud_bell --log-driver none --network $bridge -l $ours $base true",
        r"project \d+: step loud_bell: a build of {bridge} left its container",
    ),
    "a step of an image of our own": (
        "docker create --name sad_bell --log-driver none --network host --add-host $instance-x:127.0.0.1 -l $ours $base true",
        r"host: step sad_bell: a build of \S+-x left its container",
    ),
    "the id of the router": (
        "sql \"UPDATE projects_project SET router_docker_id = 'ffffffffffff' WHERE project_id = $project\"",
        r"network {router}: the router is another",
    ),
    "the id of the network": (
        "sql \"UPDATE projects_project SET docker_network_id = 'f' WHERE project_id = $project\"",
        r"network {bridge}: the Docker network is another",
    ),
    "a socket": (
        'sql "UPDATE ports_socket SET applied_vlan = 4000 WHERE number = 1"',
        r"socket 1: its switch is to have it in VLAN None, and has confirmed 4000",
    ),
}

AT_ONCE = (  # all of HARM, that which does not hide each other together
    (
        "the project's bridge", "an interface that belongs to nothing", "a bridge of a project without network", "a name",
        "a paused container", "the firewall", "the id of the router", "a socket",
    ),
    ("the VTEP bridge", "a container that nobody knows", "a renamed container", "a volume of a project without network"),
    ("the routing bridge", "a patch port", "a stopped container", "a dead port", "a name of nobody"),
    ("a patch port to nowhere", "all flows of the VTEP bridge", "a container's port", "a name with another address"),
    (
        "a tunnel port", "the router", "a container", "a container that should be stopped", "the routing bridge's flows",
        "a build's step", "a step of an image of our own",
    ),
    ("a router that is removed half", "a container that is removed half", "a stopped container that is removed half"),
    ("its flows", "a stopped router", "a container's interface", "a rule of the firewall"),
    ("another's flow", "rules of the router", "an MTU", "the id of the network"),
)  # fmt: skip


def harm(project: int, script: str, address: str) -> None:
    """Run a script of HARM's; `address` is that of `$web`, with its prefix length."""
    names = {
        "project": str(project), "instance": INSTANCE, "bridge": NAMES.bridge(project), "vtep": NAMES.vtep,
        "routing": NAMES.routing, "router": NAMES.router(project), "web": NAMES.container(project, "web"),
        "idle": NAMES.container(project, "idle"), "address": address, "hosts": str(STATE / f"p{project}/hosts"),
        "DOCKER_HOST": DOCKER_HOST, "table": NAMES.table, "base": BASE_IMAGE,
        "ours": f"netmanager.instance={INSTANCE}", "its": f"netmanager.project={project}",
    }  # fmt: skip
    run("bash", "-ec", FUNCTIONS + script, env=names)


def pattern(project: int, sentence: str) -> str:
    """What reconcile says of the harm."""
    return sentence.format(
        bridge=NAMES.bridge(project), vtep=NAMES.vtep, routing=NAMES.routing, router=NAMES.router(project),
        web=NAMES.container(project, "web"),
    )  # fmt: skip
