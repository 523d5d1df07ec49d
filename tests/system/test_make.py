"""make up, demo, down and purge on a machine that has other people's things on it."""

import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from datacenter.addressing import LAST_VLAN
from tests.conditions import wait_until
from tests.crash import leftovers
from tests.system.repairs.reconciling import dry_run
from tests.system.stack import BASE_IMAGE, DOCKER_HOST, ENV_FILE, INSTANCE, ROOT, SETTINGS, VAR, Stack, postgres, run
from tests.system.test_leftovers import host_state

CALLS = 12


@pytest.fixture
def others_are_there() -> Iterator[Callable[[], None]]:
    """A bridge, a database, a key, a network and a container of somebody else's, and what fails without them."""
    docker = ("docker", "-H", DOCKER_HOST)

    def since() -> list[str]:
        """When PostgreSQL and the container were started."""
        return [postgres("SELECT pg_postmaster_start_time()"), run(*docker, "inspect", "-f", "{{.State.StartedAt}}", "somebody")]

    def look() -> None:
        assert since() == begun
        run("ovs-vsctl", "br-exists", "somebody")
        postgres("SELECT 1", "somebody")
        assert run("redis-cli", "-u", SETTINGS["REDIS_URL"], "get", "somebody").strip() == "here"
        run(*docker, "network", "inspect", "somebody")
        run(*docker, "exec", "somebody", "true")

    def clean() -> None:
        run("ovs-vsctl", "--if-exists", "del-br", "somebody")
        postgres("DROP DATABASE IF EXISTS somebody")
        run("redis-cli", "-u", SETTINGS["REDIS_URL"], "del", "somebody")
        run(*docker, "rm", "-f", "somebody", check=False)
        run(*docker, "network", "rm", "somebody", check=False)

    clean()
    run("ovs-vsctl", "add-br", "somebody", "--", "set", "bridge", "somebody", "datapath_type=netdev")
    postgres("CREATE DATABASE somebody")
    run("redis-cli", "-u", SETTINGS["REDIS_URL"], "set", "somebody", "here")
    run(*docker, "network", "create", "somebody")
    run(*docker, "run", "-d", "--name", "somebody", "--network", "somebody", BASE_IMAGE, "sleep", "infinity")
    begun = since()
    yield look
    clean()


def _script(name: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [f"deploy/{name}.sh"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_a_second_make_up_changes_nothing(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    before, pids, token = host_state(stack), stack.running(), stack.token
    stack.up()
    assert host_state(stack) == before
    assert stack.running() == pids
    assert stack.token == token


def test_the_host_has_an_inotify_instance_for_the_router_of_every_project(stack: Stack) -> None:
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    limit.write_text("1024\n")
    stack.manage("bootstrap_datacenter")
    assert int(limit.read_text()) >= LAST_VLAN


@pytest.fixture
def after_the_demo(stack: Stack) -> Iterator[None]:
    """Nothing of a demo is left, however it ended: later tests count processes, and want the sockets."""
    yield
    stack.command("lab", "down")
    stack.delete_projects(7, 8)


@pytest.mark.usefixtures("after_the_demo")
def test_the_demo_passes_twice(stack: Stack) -> None:
    for _ in range(2):
        assert stack.script("demo").rstrip().endswith(" checks passed")


def test_a_demo_that_gets_no_answer_ends_in_a_sentence(stack: Stack) -> None:
    stack.control("stop", "web")
    command = [".venv/bin/python", "manage.py", "demo"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | stack.environment, capture_output=True, text=True, check=False)
    stack.control("start", "web")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: demo: GET /get-project-containers/1/7/ got no answer"), done.stderr
    assert "Traceback" not in done.stderr


def test_a_base_image_that_is_nowhere(stack: Stack) -> None:
    script = ". deploy/lib.sh; load_settings; ensure_base_image"
    environment = os.environ | stack.environment | {"NETMANAGER_BASE_IMAGE": "localhost:9/none:1"}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "NETMANAGER_BASE_IMAGE is localhost:9/none:1, which cannot be pulled" in done.stderr


def test_make_up_heals_a_supervisor_that_was_killed(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    os.kill(int(stack.control("pid")), 9)
    stack.up()
    assert len(stack.running()) == 6  # all but the reconciler
    assert stack.new_container(project, "db")


def _of_the_instance(stack: Stack) -> set[str]:
    """Pids that the scripts take for those of the stack's supervisord and its programs."""
    return set(run("bash", "-c", ". deploy/lib.sh; load_settings; left_over", env=stack.environment).split())


@pytest.mark.parametrize(("namespace", "more"), [((), 1), (("unshare", "--pid", "--fork", "--kill-child"), 0)])
def test_what_runs_in_another_pid_namespace_is_of_another_instance(stack: Stack, namespace: tuple[str, ...], more: int) -> None:
    before = _of_the_instance(stack)
    mark = f"SUPERVISOR_SERVER_URL=unix:///run/netmanager/{INSTANCE}/supervisor.sock"
    with subprocess.Popen([*namespace, "env", mark, "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE) as started:
        assert started.stdout
        assert started.stdout.read(1) == b"\n"
        assert len(_of_the_instance(stack) - before) == more
        started.kill()


@pytest.fixture
def drivers(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Sockets of Docker plugins: of a killed instance of ours, of one that runs, of a killed foreign plugin."""
    sockets = {name: Path(f"/run/docker/plugins/{name}.sock") for name in ("zd", "zr", "zf")}
    instances = [Path(f"/run/netmanager/{name}") for name in ("zd", "zr")]
    for instance in instances:
        instance.mkdir()
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as runs, socket.socket(socket.AF_UNIX) as foreign:
        for listener, path in zip((dead, runs, foreign), sockets.values(), strict=True):
            listener.bind(str(path))
            listener.listen()
        dead.close()
        foreign.close()
        yield sockets
    for path in sockets.values():
        path.unlink(missing_ok=True)
    for instance in instances:
        instance.rmdir()


def test_make_up_removes_the_sockets_of_drivers_of_killed_instances_and_no_others(stack: Stack, drivers: dict[str, Path]) -> None:
    stack.up()
    assert [name for name, path in drivers.items() if path.exists()] == ["zr", "zf"]


def test_down_leaves_no_process_and_purge_nothing_else(stack: Stack, others_are_there: Callable[[], None]) -> None:
    web, db = stack.new_container(6001, "web"), stack.new_container(6001, "db")
    assert len(stack.processes()) > 5, "the control: supervisord and what it started"
    try:
        with ThreadPoolExecutor(CALLS) as pool:  # calls are under way meanwhile; whatever becomes of them
            calls = [pool.submit(stack.post, f"/new-container/1/{6002 + number % 4}/") for number in range(CALLS)]
            wait(calls, return_when=FIRST_COMPLETED)
            stack.script("down")
            assert stack.processes() == []
        others_are_there()
        assert stack.pings(6001, "web", db["ip"])
        assert stack.pings(6001, "db", "web")
        assert web["docker_id"] in stack.docker("ps", "-q")
        stack.start_reconciler()
        run("nft", "delete", "table", "inet", f"netmanager-{INSTANCE}")
        wait_until(lambda: dry_run(stack) == [], "the reconciler heals, and would make again what purge removes")
        purged = stack.purge()
        assert "Nothing of instance nms is left" in purged
        assert stack.processes() == []
        assert stack.docker("ps", "-a", "--format", "{{.Names}}") == "somebody"
        assert "nms" not in stack.docker("network", "ls", "--format", "{{.Name}}")
        assert stack.docker("images", "-q", "--filter", "label=netmanager.instance=nms") == ""
        assert [bridge for bridge in run("ovs-vsctl", "list-br").split() if bridge.startswith("nms")] == []
        assert [line for line in run("ip", "-o", "link").splitlines() if ": nms-" in line] == []
        assert "netmanager-nms" not in run("nft", "list", "ruleset")
        assert "nms" not in run("ip", "netns", "list")
        assert not Path("/run/docker/plugins/nms.sock").exists()
        others_are_there()
    finally:
        stack.up()
    others_are_there()


@pytest.fixture
def lost_instance(stack: Stack, project: int) -> Iterator[str]:
    """An instance `nmx` on the machine's services that has a bridge, a table, a link, a key and rows, but no settings."""
    name, owner = "nmx", ["--", "br-set-external-id", "nmx-p7", "netmanager.instance", "nmx"]
    stack.new_container(project, "web")
    _purge_by_name(name)
    run("ovs-vsctl", "add-br", "nmx-p7", "--", "set", "bridge", "nmx-p7", "datapath_type=netdev", *owner)
    run("nft", "add", "table", "inet", "netmanager-nmx")
    run("ip", "link", "add", "nmx-h0", "type", "veth", "peer", "name", "nmx-c0")
    run("redis-cli", "-n", "7", "set", "nmx:lost", "here")
    postgres("CREATE ROLE netmanager_nmx LOGIN")
    postgres("COMMENT ON ROLE netmanager_nmx IS 'made by NetManager'")
    for database in ("netmanager_nmx", "netmanager_nmx_bench"):
        postgres(f"CREATE DATABASE {database} OWNER netmanager_nmx")
    Path("/run/netmanager-nmx-engine").mkdir()
    yield name
    _purge_by_name(name)


@pytest.fixture
def forgotten_container(lost_instance: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A container of the instance's engine that the engine knows no more: its process, in a cgroup of its own, and its shim."""
    container = uuid.uuid4().hex * 2
    cgroup = next(place for place in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/pids")) if (place / "cgroup.procs").exists())
    (cgroup / container).mkdir()
    shim = "open('/proc/self/comm', 'w').write('containerd-shim'); import time; time.sleep(600)"
    address = ["-namespace", "moby", "-id", container, "-address", f"/run/netmanager-{lost_instance}-engine/containerd.sock"]
    started = [subprocess.Popen(["sleep", "600"]), subprocess.Popen(["python3", "-c", shim, *address])]
    (cgroup / container / "cgroup.procs").write_text(str(started[0].pid))
    yield started
    for one in started:
        one.kill()
        one.wait()
    (cgroup / container).rmdir()


def test_purge_removes_an_instance_by_its_name(
    stack: Stack,
    project: int,
    lost_instance: str,
    forgotten_container: list[subprocess.Popen[bytes]],
    others_are_there: Callable[[], None],
) -> None:
    before = host_state(stack)
    assert len(leftovers.of(lost_instance)) >= 7, "the control"
    purged = _purge_by_name(lost_instance)
    assert purged.returncode == 0, purged.stderr
    assert "Nothing of instance nmx is left" in purged.stdout
    assert run("redis-cli", "-n", "7", "get", "nmx:lost").strip() == ""
    assert [one.wait(60) for one in forgotten_container] == [-signal.SIGKILL] * 2
    assert leftovers.of(lost_instance) == []
    assert host_state(stack) == before
    assert stack.get("/readyz/").status == 200
    others_are_there()


@pytest.mark.parametrize("name", ["nmtx", "NM", "../", "n m"])
def test_purge_refuses_a_name_that_no_instance_has(stack: Stack, name: str) -> None:
    done = _purge_by_name(name)
    assert done.returncode != 0
    assert f"'{name}' is no name of an instance" in done.stderr
    assert done.stderr.count("\n") == 1


def _purge_by_name(name: str) -> subprocess.CompletedProcess[str]:
    """As `make purge INSTANCE=name` does, with none of the tests' settings."""
    settings = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
    command = ["deploy/purge.sh", name]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=settings | {"CONFIRM": "yes"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_purge_wants_to_be_sure(stack: Stack) -> None:
    done = _script("purge", stack.environment)
    assert done.returncode != 0
    assert "CONFIRM=yes" in done.stderr
    assert stack.get("/readyz/").status == 200


def test_a_port_that_is_taken(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        env_file = VAR / "taken.env"
        env_file.write_text(
            "".join(f"{k}={v}\n" for k, v in (SETTINGS | {"NETMANAGER_INSTANCE": "nmx", "NETMANAGER_LISTEN": listen}).items())
        )
        done = _script("up", stack.environment | {"NETMANAGER_ENV_FILE": str(env_file)})
    Path("/run/netmanager/nmx").rmdir()
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert f"port {listen} is taken" in done.stderr


def test_not_root(stack: Stack) -> None:
    for name in ("up", "test", "down", "purge"):
        command = ["setpriv", "--reuid=65534", "--clear-groups", f"deploy/{name}.sh"]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | stack.environment, capture_output=True, text=True, check=False)
        assert done.returncode != 0, name
        assert "root" in done.stderr, name


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("/etc/os-release", "this machine is not Debian or Ubuntu"),
        ("df", "less than 2 GB of free disk"),
        ("curl", "the program curl is missing; package curl has it"),
    ],
)
def test_a_machine_that_will_not_do(stack: Stack, tmp_path: Path, override: str, sentence: str) -> None:
    """In a mount namespace of its own the machine looks like another one."""
    if override == "df":
        prepare = f"mount -t tmpfs -o size=64m none {tmp_path}; cp -r Makefile deploy .env.example {tmp_path}/; cd {tmp_path}"
    elif override == "curl":
        upper, work = tmp_path / "upper", tmp_path / "work"
        layers = f"lowerdir=/usr/bin,upperdir={upper},workdir={work}"
        prepare = f"mount -t tmpfs none {tmp_path}; mkdir {upper} {work}; mount -t overlay -o {layers} none /usr/bin"
        prepare += "; rm /usr/bin/curl"
    else:
        (tmp_path / "os-release").write_text("ID=fedora\n")
        prepare = f"mount --bind {tmp_path}/os-release $(readlink -f /etc/os-release)"
    script = f"{prepare}; exec deploy/up.sh"
    command = ["unshare", "-m", "bash", "-ec", script]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | stack.environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert ENV_FILE.exists()
