"""One POST builds everything that a project's first container needs."""

from tests.system.stack import Stack


def test_one_post_makes_network_router_and_container(stack: Stack, project: int) -> None:
    made = stack.new_container(project, "web")
    assert made["container_name"] == "web"
    assert made["ip"].endswith(".128")
    assert len(made["docker_id"]) == 12
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert listed == [
        {
            "container_name": "web",
            "docker_id": made["docker_id"],
            "ip": made["ip"],
            "status": "running",
            "image": "nms-default:latest",
        }
    ]


def test_a_container_reaches_its_router_and_its_siblings_by_name(stack: Stack, project: int) -> None:
    web, db = stack.new_container(project, "web"), stack.new_container(project, "db")
    assert stack.pings(project, "web", web["ip"].rsplit(".", 1)[0] + ".1")
    assert stack.pings(project, "web", db["ip"])
    for name in ("db", f"db.p{project}.lab.internal"):
        assert stack.inside(project, "web", "getent", "ahostsv4", name).stdout.split()[0] == db["ip"]
    assert stack.pings(project, "db", "web")


def test_names_of_removed_containers_and_of_other_projects_are_unknown(stack: Stack, project: int, other: int) -> None:
    stack.new_container(project, "web")
    db = stack.new_container(project, "db")
    stack.new_container(other, "foreign")
    assert stack.post(f"/remove-container/1/{db['docker_id']}/").status == 200
    for name in ("db", f"db.p{project}.lab.internal", f"foreign.p{other}.lab.internal"):
        assert stack.inside(project, "web", "getent", "ahostsv4", name).returncode != 0


def test_a_query_to_any_server_is_answered_by_the_router(stack: Stack, project: int) -> None:
    web = stack.new_container(project, "web")
    query = (
        "import socket,struct;"
        "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(5);"
        f"n=b''.join(bytes([len(p)])+p for p in b'web.p{project}.lab.internal'.split(b'.'))+b'\\0';"
        "s.sendto(struct.pack('!6H',7,256,1,0,0,0)+n+struct.pack('!2H',1,1),('198.18.7.7',53));"
        "print(socket.inet_ntoa(s.recv(512)[-4:]))"
    )
    assert stack.inside(project, "web", "python3", "-c", query).stdout.strip() == web["ip"]


def test_create_bridge_twice_is_one_network(stack: Stack, project: int) -> None:
    first, second = (stack.post(f"/create-bridge/1/{project}/") for _ in range(2))
    assert first == second
    assert first.status == 200
    assert first.body["bridge"] == f"nms-p{project}"
    assert first.body["gateway"] == first.body["subnet"].replace(".0/24", ".1")
    assert len(stack.docker("network", "ls", "-q", "--filter", f"label=netmanager.project={project}").split()) == 1
    assert len(stack.docker("ps", "-q", "--filter", f"label=netmanager.project={project}").split()) == 1


def test_a_listing_without_a_network_is_empty(stack: Stack) -> None:
    assert stack.get("/get-project-containers/1/999999/").body == {"success": True, "containers": []}
