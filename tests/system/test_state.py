"""The comparison that other tests rely on sees what is wrong."""

import re

import pytest

from datacenter.names import INSTANCE_KEY, PROJECT_KEY
from tests.system.lab import Lab
from tests.system.stack import DATABASE, DOCKER_HOST, INSTANCE, POSTGRES_PORT, run
from tests.system.state import differences
from tests.system.state.facts import NAMES, STATE

# Done behind NetManager's back, and undone by delete-bridge or UNDO.
HARM = {
    "state": "docker stop -t 0 $web",
    "hosts file": "rm $hosts/web",
    "address": "echo 192.0.2.1 web >$hosts/web",
    "row": 'sql "DELETE FROM containers_container WHERE project_id = $project"',
    "container": "docker create --name ${web}2 --label $ours --label $its --network none $NETMANAGER_BASE_IMAGE true",
    "id": "sql \"UPDATE containers_container SET docker_id = 'ffffffffffff' WHERE project_id = $project\"",
    "image": 'docker commit -c "LABEL $ours $its" $web $left',
    "port": "ovs-vsctl del-port $(ovs-vsctl list-ports $bridge | grep -m 1 ^$instance-h)",
    "veth": "ip link add $instance-hleft type veth peer name $instance-cleft",
    "patch": "ovs-vsctl del-port $(ovs-vsctl list-ports $bridge | grep -m 1 -- '-s[0-9]*$')",
    "flows": "ovs-ofctl -O OpenFlow14 del-flows $instance-vtep cookie=$(printf '0x6e6d%012x' $project)/-1",
    "socket": 'sql "UPDATE ports_socket SET applied_vlan = 4000 WHERE number = 1"',
}
UNDO = """
ip link del $instance-hleft || true
docker rmi $left || true
sql 'UPDATE ports_socket SET applied_vlan = NULL WHERE project_id IS NULL'
"""
SQL = f'sql() {{ runuser -u postgres -- psql -p {POSTGRES_PORT} -d {DATABASE} -qtAXc "$1"; }}\n'


def _do(project: int, script: str) -> None:
    names = {
        "project": str(project), "instance": INSTANCE, "web": NAMES.container(project, "web"), "bridge": NAMES.bridge(project),
        "left": f"{INSTANCE}-left:{project}", "hosts": str(STATE / f"p{project}/hosts"), "DOCKER_HOST": DOCKER_HOST,
        "ours": f"{INSTANCE_KEY}={INSTANCE}", "its": f"{PROJECT_KEY}={project}",
    }  # fmt: skip
    run("bash", "-ec", SQL + script, env=names)


TOLD = {
    "state": r"container_details: state of {web} is RUNNING in the database, and STOPPED",
    "hosts file": r"hosts_files: hosts file p{project}/hosts/web should be there and is not",
    "address": r"hosts_files: hosts file p{project}/hosts/web says 192.0.2.1, and the database 10\.",
    "row": r"containers: container {web} is there and should not be",
    "container": r"containers: container {web}2 is there and should not be",
    "id": r"container_details: id of {web} is ffffffffffff in the database, and ",
    "image": r"images: image \S+-left:{project} is there and should not be",
    "port": r"endpoints: port on \S+-p{project} of endpoint \S+ should be there and is not",
    "veth": r"veths: veth pair \S+-hleft is there and should not be",
    "patch": r"bridges: patch port \S+-p{project}-s\d+ should be there and is not",
    "flows": r"flows: there are 0 flows of cookie 0x6e6d\S+ and should be 2",
    "socket": r"sockets: socket 1 should have VLAN None, and the switch says 4000",
}
AT_ONCE = (  # all of HARM, that which does not hide each other together
    ("hosts file", "container", "id", "image", "port", "veth", "patch", "socket"),
    ("state", "address", "flows"),
    ("row",),
)


@pytest.mark.parametrize("harms", AT_ONCE, ids=", ".join)
def test_it_tells_what_differs(lab: Lab, project: int, harms: tuple[str, ...]) -> None:
    lab.stack.new_container(project, "web")
    assert differences(lab.stack) == [], "the control: nothing differs yet"
    try:
        for what in harms:
            _do(project, HARM[what])
        found = differences(lab.stack)
    finally:
        lab.stack.delete_project(project)
        _do(project, UNDO)
    patterns = {what: TOLD[what].format(web=re.escape(NAMES.container(project, "web")), project=project) for what in harms}
    untold = [what for what, pattern in patterns.items() if not any(re.match(pattern, one) for one in found)]
    assert not untold, found
    assert differences(lab.stack) == []


def test_nothing_is_left_out() -> None:
    assert {what for harms in AT_ONCE for what in harms} == HARM.keys() == TOLD.keys()
