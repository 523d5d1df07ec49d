"""What is left of an instance on this host, as sentences; none: nothing is."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.crash import processes


def of(instance: str) -> list[str]:
    """All that a purge must have removed."""
    return [*running(instance), *_files(instance), *_engine(instance), *_database(instance)]


def running(instance: str) -> list[str]:
    """What a run of the tests must not leave: processes, bridges, tables, links, namespaces and mounts."""
    return [*_processes(instance), *_bridges(instance), *_tables(instance), *_links(instance), *_mounts(instance)]


def supervised(instance: str) -> list[str]:
    """What `make down` must have ended: the processes of the instance's supervisord."""
    entry = f"SUPERVISOR_SERVER_URL=unix:///run/netmanager/{instance}/supervisor.sock".encode()
    return [f"process {processes.command_line(pid)}" for pid in processes.pids() if entry in processes.environment_of(pid)]


def of_bench() -> list[str]:
    """What a benchmark must not leave: its room, its bridge, its containers and networks, and its database."""
    marked = [f"container {one}" for one in _run("docker", "ps", "-aq", "--filter", "label=netmanager.bench").split()]
    named = [f"bridge {name}" for name in _run("ovs-vsctl", "list-br").split() if name.endswith("-bench")]
    databases = [line for line in _database("nm") if line.endswith("_bench")]
    return [*running("bch"), *marked, *named, *databases]


def _processes(instance: str) -> list[str]:
    """Those of its supervisord, those of a virtualenv with its settings, and an engine of its own with its containers."""
    entry, engine = f"NETMANAGER_INSTANCE={instance}".encode(), f"netmanager-{instance}-"
    found = supervised(instance)
    for pid in processes.pids():
        line, root = processes.command_line(pid), processes.mounts_of(pid).partition("\n")[0]
        if engine in line or engine in root or (".venv/bin/" in line and entry in processes.environment_of(pid)):
            found.append(f"process {pid}: {line}")
    return found


def _bridges(instance: str) -> list[str]:
    owned = _run("ovs-vsctl", "--bare", "--columns=name", "find", "bridge", f"external_ids:netmanager.instance={instance}")
    named = [name for name in _run("ovs-vsctl", "list-br").split() if _is_of(instance, name)]
    return [f"bridge {name}" for name in sorted({*owned.split(), *named})]


def _tables(instance: str) -> list[str]:
    return [line for line in _run("nft", "list", "tables").splitlines() if line.endswith(f" netmanager-{instance}")]


def _links(instance: str) -> list[str]:
    links = [str(link["ifname"]) for link in json.loads(_run("ip", "-j", "link"))]
    namespaces = [line.split()[0] for line in _run("ip", "netns", "list").splitlines()]
    return [
        f"{what} {name}"
        for what, names in (("link", links), ("namespace", namespaces))
        for name in names
        if _is_of(instance, name)
    ]


def _mounts(instance: str) -> list[str]:
    ours = re.compile(rf"\S*/netmanager(/{instance}|-{instance}-)\S*")
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [f"mount {place}" for place in mounted if ours.fullmatch(place)]


def _files(instance: str) -> list[str]:
    places = [f"/run/netmanager/{instance}", f"/run/docker/plugins/{instance}.sock", f"/var/lib/netmanager/{instance}"]
    own = [str(place) for root in ("/run", "/var/lib") for place in Path(root).glob(f"netmanager-{instance}-*")]
    return [f"file {place}" for place in [*places, *own] if Path(place).exists()]


def _engine(instance: str) -> list[str]:
    label = f"label=netmanager.instance={instance}"
    kinds = {
        "container": ("ps", "-aq"),
        "network": ("network", "ls", "-q"),
        "volume": ("volume", "ls", "-q"),
        "image": ("images", "-aq"),
    }
    return [f"{kind} {one}" for kind, words in kinds.items() for one in _run("docker", *words, "--filter", label).split()]


def _database(instance: str) -> list[str]:
    names = rf"^(test_)?netmanager_{instance}(_.*)?$"
    sql = f"SELECT 'database ' || datname FROM pg_database WHERE datname ~ '{names}'"
    sql += f" UNION SELECT 'role ' || rolname FROM pg_roles WHERE rolname ~ '{names}'"
    return _run("runuser", "-u", "postgres", "--", "psql", "-qtAXc", sql).splitlines()


def _is_of(instance: str, name: str) -> bool:
    return name == f"docker0{instance}" or re.fullmatch(rf"{instance}-.*|lab{instance}(-.*)?", name) is not None


def _run(*command: str) -> str:
    """Output of a command, which asks this machine's services."""
    environment = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60, cwd="/").stdout
