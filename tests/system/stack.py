"""A whole NetManager of instance `nms` beside whatever runs on this machine, with a Docker Engine of its own."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.conditions import wait_until
from tests.system import services
from tests.system.shell import Shell

ROOT = Path(__file__).parents[2]
INSTANCE = "nms"
BASE_IMAGE = os.environ["NETMANAGER_BASE_IMAGE"]  # deploy/test.sh has it from the settings
LISTEN = "127.0.0.1:8010"
VAR = ROOT / "var" / "nms-stack"
ENV_FILE = VAR / "env"
ENGINE_RUN = Path("/run/netmanager-nms-engine")
ENGINE_DATA = Path("/var/lib/netmanager-nms-engine")
ENGINE_BRIDGE = "docker0nms"  # with --bridge=none the engine would delete the docker0 of the machine's own
MACHINES_PORT = urlsplit(os.environ["DATABASE_URL"]).port or 5432  # deploy/test.sh found the machine's
POSTGRES_PORT = services.POSTGRES_PORT if services.ASKED_FOR else MACHINES_PORT
DATABASE = f"netmanager_{INSTANCE}"
ENGINE_LOG = VAR / "log" / "dockerd.log"
DOCKER_HOST = f"unix://{ENGINE_RUN}/docker.sock"
ENDED = {"SUCCEEDED", "FAILED"}  # states of an operation
NOT_RUN = {125, 126, 127}  # the container is not running, the program is none or is not there
SETTINGS = {
    "NETMANAGER_INSTANCE": INSTANCE,
    "NETMANAGER_STATE": f"/var/lib/netmanager/{INSTANCE}",
    "NETMANAGER_LISTEN": LISTEN,
    "NETMANAGER_RECONCILER_METRICS_LISTEN": "127.0.0.1:9659",
    "NETMANAGER_UPLINK": "nat",
    "NETMANAGER_OPENFLOW_LISTEN": "0.0.0.0:6655",
    "NETMANAGER_METRICS_LISTEN": "127.0.0.1:9655",
    "NETMANAGER_LAB_NETWORK": "198.18.244.0/23",
    "NETMANAGER_PROJECT_POOL": "10.80.0.0/12",
    "NETMANAGER_PUBLIC_POOL": "100.65.0.0/16",
    "NETMANAGER_SECRET_KEY": "only-for-tests",
    "DATABASE_URL": f"postgres://{DATABASE}:only-for-tests@127.0.0.1:{POSTGRES_PORT}/{DATABASE}",
    "REDIS_URL": "redis://127.0.0.1:6379/2",
    "DOCKER_HOST": DOCKER_HOST,
    "NETMANAGER_IMAGE_SIZE": "300000000",  # bytes that a build may add
    "NETMANAGER_BUILD_SECONDS": "120",  # a package registry may stall for a while
    "NETMANAGER_BUILD_MEMORY": "268435456",
}
if services.ASKED_FOR:
    SETTINGS["REDIS_URL"] = f"redis://127.0.0.1:{services.REDIS_PORT}/0"


def run(*command: str, check: bool = True, env: dict[str, str] | None = None) -> str:
    """Output of a command; AssertionError with its error output if it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | (env or {}), capture_output=True, text=True, timeout=300, check=False
    )
    assert not check or done.returncode == 0, f"{' '.join(command)} exited {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


class Dockerd:
    """A Docker Engine beside the machine's own, so that the tests may kill it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the engine and wait until it answers; leftovers of a killed one are removed first."""
        ENGINE_RUN.mkdir(parents=True, exist_ok=True)
        for stale in (ENGINE_RUN / "docker.pid", ENGINE_RUN / "exec/containerd/containerd.pid"):
            if stale.exists():
                _end(int(stale.read_text() or 0))
                stale.unlink(missing_ok=True)
        if not Path(f"/sys/class/net/{ENGINE_BRIDGE}").exists():
            run("ip", "link", "add", ENGINE_BRIDGE, "type", "bridge")
            run("ip", "address", "add", "172.31.255.1/24", "dev", ENGINE_BRIDGE)
        with ENGINE_LOG.open("ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", str(ENGINE_DATA), "--exec-root", str(ENGINE_RUN / "exec"), "--host", DOCKER_HOST,
                 "--pidfile", str(ENGINE_RUN / "docker.pid"), f"--bridge={ENGINE_BRIDGE}", "--iptables=false", "--ip-masq=false"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: _succeeds("docker", "-H", DOCKER_HOST, "version"), "the test's Docker Engine answers", 180)

    def kill(self) -> None:
        """SIGKILL dockerd, and the containerd that it started, as a crash would."""
        assert self.process is not None
        containerd = int((ENGINE_RUN / "exec/containerd/containerd.pid").read_text())
        self.process.kill()
        self.process.wait()
        _end(containerd, signal.SIGKILL)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
            wait_until(lambda: not _engines_own(), "the shims of all its containers have ended")
            run("ip", "link", "del", ENGINE_BRIDGE)
            for mounted in (ENGINE_RUN / "exec/netns/default", ENGINE_DATA):  # the engine leaves them
                run("umount", str(mounted), check=False)


class Stack:
    """The NetManager under test: its processes, its API and its host."""

    def __init__(self) -> None:
        self.dockerd = Dockerd()
        self.token = ""
        self._shell = Shell(self.environment)
        self.heals = False  # a test of one part must see what that part does, and not what the reconciler mends

    @property
    def environment(self) -> dict[str, str]:
        return SETTINGS | {"NETMANAGER_ENV_FILE": str(ENV_FILE), "NETMANAGER_VAR": str(VAR)}

    def start(self) -> None:
        (VAR / "log").mkdir(parents=True, exist_ok=True)
        ENV_FILE.write_text("".join(f"{key}={value}\n" for key, value in SETTINGS.items()))
        self.dockerd.start()
        self.purge()
        self.up()

    def stop(self) -> None:
        self.purge()
        self.dockerd.stop()

    def up(self, **env: str) -> str:
        output = self.script("up", **env)
        self.token = (VAR / "dml-servant.token").read_text().strip()
        if not self.heals:
            self.control("stop", "reconciler")
        return output

    def purge(self) -> str:
        return self.script("purge", CONFIRM="yes")

    def script(self, name: str, **env: str) -> str:
        self._shell.end()  # what stays up would be counted among its processes
        return run(f"deploy/{name}.sh", env=self.environment | env)

    def control(self, *arguments: str) -> str:
        """supervisorctl of this stack."""
        return run("bash", "-c", '. deploy/lib.sh; load_settings; control "$@"', "control", *arguments, env=self.environment)

    def start_reconciler(self) -> None:
        """The reconciler, and of all else only the driver, where nothing runs since `down`."""
        run("bash", "-c", ". deploy/lib.sh; load_settings; start_driver; control start reconciler", env=self.environment)

    def running(self) -> dict[str, str]:
        """Process ids of supervisord's programs that run, by name."""
        listed = run("bash", "-c", ". deploy/lib.sh; load_settings; control status", check=False, env=self.environment)
        lines = [line.split() for line in listed.splitlines() if " RUNNING " in line]
        return {words[0]: words[3] for words in lines}

    def manage(self, *arguments: str, **env: str) -> str:
        return run(".venv/bin/python", "manage.py", *arguments, env=self.environment | env)

    def orm(self, code: str) -> str:
        """Run Python with the stack's models; what it prints."""
        return self._shell.run(code)

    def command(self, *arguments: str) -> str:
        """The same as `manage`, in a process that is there already."""
        return self.orm(f"from django.core.management import call_command as call; call(*{arguments!r})")

    def docker(self, *arguments: str, check: bool = True) -> str:
        return run("docker", "-H", DOCKER_HOST, *arguments, check=check).strip()

    def processes(self) -> list[str]:
        """Command lines of all processes of this stack, whose environment tells them from others."""
        mark = f"NETMANAGER_VAR={VAR}".encode()
        return [line for environ in Path("/proc").glob("[0-9]*/environ") if (line := _command_line(environ, mark))]

    # The API

    def call(self, method: str, path: str, fields: dict[str, str] | None = None, token: str | None = None) -> Answer:
        """One request with multipart fields; any status is an answer."""
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in (fields or {}).items()]
        body = ("".join(parts) + f"--{boundary}--\r\n").encode() if fields else b""
        request = urllib.request.Request(f"http://{LISTEN}{path}", method=method, data=body if method == "POST" else None)
        request.add_header("Authorization", f"Token {self.token if token is None else token}")
        if fields:
            request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        try:
            with urllib.request.urlopen(request, timeout=180) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))

    def post(self, path: str, **fields: str) -> Answer:
        return self.call("POST", path, fields)

    def build(self, path: str, dockerfile: str | bytes, timeout: float = 180, **fields: str) -> Answer:
        """POST with a Dockerfile as the file that a caller uploads."""
        headers = {"Authorization": f"Token {self.token}"}
        sent = requests.post(
            f"http://{LISTEN}{path}", headers=headers, data=fields, files={"dockerfile": dockerfile}, timeout=timeout
        )
        return Answer(sent.status_code, sent.json())

    def submit(self, path: str, dockerfile: str | bytes, **fields: str) -> str:
        """The same, without waiting for its end: the uuid of the operation."""
        headers = {"Authorization": f"Token {self.token}", "Prefer": "respond-async"}
        sent = requests.post(f"http://{LISTEN}{path}", headers=headers, data=fields, files={"dockerfile": dockerfile}, timeout=60)
        assert sent.status_code == 202, sent.text
        return str(sent.json()["operation"])

    def operation(self, uuid: str) -> dict[str, Any]:
        """An operation as its caller sees it."""
        return dict(self.get(f"/operations/{uuid}/").body["operation"])

    def ended(self, uuid: str, seconds: float = 180) -> dict[str, Any]:
        """The operation once it has ended."""
        return dict(wait_until(lambda: (o := self.operation(uuid))["state"] in ENDED and o, f"operation {uuid} ends", seconds))

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def new_container(self, project: int, name: str = "", user: int = 1) -> dict[str, Any]:
        """A container that must come to be."""
        answer = self.post(f"/new-container/{user}/{project}/", **({"name": name} if name else {}))
        assert answer.status == 200, answer
        return answer.body

    def delete_project(self, project: int) -> None:
        answer = self.post(f"/delete-bridge/1/{project}/")
        assert answer.status == 200, answer

    def delete_projects(self, *projects: int) -> None:
        """Some at a time."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.delete_project, projects))

    # Inside containers; `name` is a container's name in the project, or `router`

    def docker_name(self, project: int, name: str) -> str:
        return f"{INSTANCE}-p{project}-router" if name == "router" else f"{INSTANCE}-p{project}.{name}"

    def pid(self, project: int, name: str) -> int:
        return int(self.docker("inspect", "-f", "{{.State.Pid}}", self.docker_name(project, name)))

    def inside(self, project: int, name: str, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command in a container."""
        return _ran("docker", "-H", DOCKER_HOST, "exec", self.docker_name(project, name), *command, timeout=timeout)

    def in_netns(self, project: int, name: str, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine, with all its rights, in a container's network namespace."""
        return _ran("nsenter", "-t", str(self.pid(project, name)), "-n", *command, timeout=timeout)

    def pings(self, project: int, name: str, target: str) -> bool:
        """Whether a ping is answered, by the third at the latest (the first can go while ARP is under way)."""
        return self.inside(project, name, "ping", "-c", "3", "-i", "0.2", "-W", "2", target).returncode == 0


def postgres(sql: str, database: str = "postgres") -> str:
    """Output of one statement, as the machine's PostgreSQL superuser."""
    return run("runuser", "-u", "postgres", "--", "psql", "-p", str(POSTGRES_PORT), "-d", database, "-qtAXc", sql)


@contextmanager
def running_stack() -> Iterator[Stack]:
    """A stack for a test session, purged before and after."""
    stack = Stack()
    with services.own_services() if services.ASKED_FOR else nullcontext():
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


def _command_line(environ: Path, mark: bytes) -> str:
    """The command line of a process that has the mark in its environment, else nothing."""
    try:
        marked = mark in environ.read_bytes().split(b"\0")
        return environ.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") if marked else ""
    except OSError:  # it ended while we looked
        return ""


def _ran(*command: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """The command as it ended, well or badly; a program that is not there is no result."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode not in NOT_RUN, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is more than an entry for its parent to read."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _engines_own() -> list[str]:
    """Pids of the tests' engine: its own, containerd's, and that of a shim for each container that runs."""
    found, here = [], Path("/proc/self/ns/pid").readlink()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            if f"{ENGINE_RUN}/".encode() in (place / "cmdline").read_bytes() and (place / "ns/pid").readlink() == here:
                found.append(place.name)
    return found


def _end(pid: int, sig: int = signal.SIGTERM) -> None:
    """End a process of the test's engine and wait until it is gone."""
    if pid == 0 or not Path(f"/proc/{pid}/cmdline").exists():
        return
    if str(ENGINE_RUN).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
        return  # the number is another process's by now
    os.kill(pid, sig)
    wait_until(lambda: not lives(pid), f"pid {pid} ends")
