"""What the database, the Docker Engine and Open vSwitch say of the stack, as plain values to compare."""

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from datacenter.addressing import Plan
from datacenter.names import INSTANCE_KEY, Names
from datacenter.network_driver import endpoint_key
from tests.system.stack import DATABASE, INSTANCE, SETTINGS, Stack, postgres, run

NAMES = Names(INSTANCE)
PLAN = Plan(IPv4Network(SETTINGS["NETMANAGER_PROJECT_POOL"]), IPv4Network(SETTINGS["NETMANAGER_PUBLIC_POOL"]))
OURS = f"label={INSTANCE_KEY}={INSTANCE}"
LAB = f"lab{INSTANCE}"  # bridge of a lab, which has no project
STATE = Path(SETTINGS["NETMANAGER_STATE"])

Row = dict[str, Any]


def rows(query: str) -> list[Row]:
    """Rows of a query in the stack's database."""
    found: list[Row] = json.loads(postgres(f"SELECT coalesce(json_agg(found), '[]') FROM ({query}) AS found", DATABASE))
    return found


def inspected(stack: Stack, *listing: str) -> list[Row]:
    """What the engine tells of each object whose id the command lists."""
    ids = sorted(set(stack.docker(*listing).split()))
    found: list[Row] = json.loads(stack.docker("inspect", *ids)) if ids else []
    return found


def bridges() -> dict[str, dict[str, dict[str, str]]]:
    """Of each of our bridges: its ports by name, with the external_ids of their interfaces; the one of its own name aside."""
    all_ports, interfaces, all_bridges = _ovs("port", "interface", "bridge")
    names = {row["_uuid"]: row["name"] for row in all_ports}
    ids = {row["name"]: row["external_ids"] for row in interfaces}
    ours = [row for row in all_bridges if row["external_ids"].get(INSTANCE_KEY) == INSTANCE]
    ports = {row["name"]: {names[port] for port in _listed(row["ports"])} - {row["name"]} for row in ours}
    return {bridge: {name: ids.get(name, {}) for name in sorted(members)} for bridge, members in ports.items()}


def noted_endpoints() -> dict[str, list[str]]:
    """Of each of our bridges that has any: endpoints which the driver has noted and nobody has joined."""
    [all_bridges] = _ovs("bridge")
    ours = [row for row in all_bridges if row["external_ids"].get(INSTANCE_KEY) == INSTANCE]
    prefix = endpoint_key("")
    noted = {row["name"]: [key.removeprefix(prefix) for key in row["external_ids"] if key.startswith(prefix)] for row in ours}
    return {bridge: endpoints for bridge, endpoints in noted.items() if endpoints}


def veths() -> set[str]:
    """Host ends of veth pairs to containers, and container ends that no container took."""
    links = {line.split(": ")[1].split("@")[0] for line in run("ip", "-o", "link").splitlines()}
    return {link for link in links if link.startswith((f"{INSTANCE}-h", f"{INSTANCE}-c"))}


def hosts_files() -> dict[str, str]:
    """Content of every file below the state directory, by its path there."""
    return {str(file.relative_to(STATE)): file.read_text() for file in STATE.rglob("*") if file.is_file()}


def _ovs(*tables: str) -> list[list[Row]]:
    """The rows of each of these tables at one moment."""
    listings = [word for table in tables for word in ("--", "list", table)]
    answers = [json.loads(line) for line in run("ovs-vsctl", "-f", "json", *listings).splitlines()]
    return [[dict(zip(answer["headings"], map(_plain, row), strict=True)) for row in answer["data"]] for answer in answers]


def _plain(value: Any) -> Any:
    """A value of the OVSDB protocol (RFC 7047) as Python has it; a row's id is text."""
    match value:
        case ["map", pairs]:
            return {key: _plain(item) for key, item in pairs}
        case ["set", items]:
            return [_plain(item) for item in items]
        case ["uuid", text]:
            return text
        case _:
            return value


def _listed(value: Any) -> list[Any]:
    """A set of one is told without its set."""
    return value if isinstance(value, list) else [value]
