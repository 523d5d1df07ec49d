"""The host's own nftables tables, replaced as a whole in one atomic transaction."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from datacenter import sysctl
from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.following import follow
from datacenter.names import Names

TIMEOUT = 30  # seconds, for nft and iptables
DENIED = re.compile(r'iifname "[^"]*" ip daddr \{ (.*) \} drop')


@dataclass(frozen=True)
class Policy:
    """What the host lets through.

    `nat` masquerades the public pool. `deny` is out of reach but for the `gateway` and DNS servers' port 53; so are the
    host's bridges (Docker makes one for each network, at any time) but for `exit`, where the host's default route leads.
    """

    names: Names
    nat: bool
    public: IPv4Network
    dns: tuple[IPv4Address, ...]
    gateway: IPv4Address | None
    deny: tuple[IPv4Network, ...]
    exit: str | None


def ruleset(policy: Policy) -> str:
    """The policy as an nft script that replaces what is there; pure.

    With the userspace datapath the kernel sees every frame that a port of ours receives, so all interfaces
    of the instance are cut off from the host's IP stack, and from ARP, except the routing bridge.
    """
    table, routing, ours = policy.names.table, policy.names.routing, policy.names.interfaces
    dns = ", ".join(sorted(map(str, policy.dns)))
    deny = ", ".join(str(network) for network in collapse_addresses(policy.deny))
    elsewhere = f' oifname != "{policy.exit}"' if policy.exit else ""
    forward = [
        f'iifname "{routing}" oifname "{ours}" drop',
        *(
            [f'iifname "{routing}" ip daddr {{ {dns} }} meta l4proto {{ tcp, udp }} th dport 53 accept']
            if dns and policy.nat
            else []
        ),
        *([f'iifname "{routing}" ip daddr {policy.gateway} accept'] if policy.gateway and policy.nat else []),
        *([f'iifname "{routing}" ip daddr {{ {deny} }} drop'] if deny else []),
        f'iifname "{routing}" meta oifkind "bridge"{elsewhere} drop',
        *([] if policy.nat else [f'iifname "{routing}" drop']),
        f'oifname "{routing}" ct state established,related accept',
        f'oifname "{ours}" drop',
    ]
    postrouting = [f'ip saddr {policy.public} oifname != "{routing}" masquerade'] if policy.nat else []
    return "\n".join(
        [
            *_replaced("inet", table),
            f"table inet {table} {{",
            *_chain("prerouting", "filter", "prerouting", -300, [
                f'iifname "{routing}" meta nfproto ipv4 accept',
                f'iifname "{ours}" drop',
            ]),
            *_chain("input", "filter", "input", -10, [
                f'iifname "{routing}" meta l4proto icmp accept',
                f'iifname "{ours}" drop',
                *([] if policy.nat else [f'ip saddr {policy.public} meta l4proto != icmp drop']),
            ]),
            *_chain("forward", "filter", "forward", -10, forward),
            *_chain("postrouting", "nat", "postrouting", 100, postrouting),
            "}",
            *_replaced("arp", table),
            f"table arp {table} {{",
            *_chain("input", "filter", "input", 0, [f'iifname "{routing}" accept', f'iifname "{ours}" drop']),
            "}",
        ]
    )  # fmt: skip


def close(policy: Policy) -> None:
    """Put our tables alone in force. Forwarding is the engine's to turn on first: only then it forbids that of all others."""
    _run("nft", "-f", "-", stdin=ruleset(policy))


def install(policy: Policy) -> None:
    """Put the policy in force: our tables, forwarding, and leave of Docker's FORWARD chain where it has one.

    What of it is in force stays so meanwhile, and if we are killed in the middle.
    """
    close(policy)
    if not policy.nat:
        _remove_docker_rules(policy.names)
        return
    sysctl.ensure_forwarding()
    for rule in _docker_rules(policy.names):
        if _docker_user_exists() and not _has_docker_rule(rule):
            _run("iptables", "-w", "-I", "DOCKER-USER", *rule)


def complaints(policy: Policy) -> tuple[str, ...]:
    """Sentences on what of the policy is not in force."""
    table, said = policy.names.table, []
    listed, wanted = _listed(table), _as_listed(ruleset(policy), table)
    if listed is None:
        said.append(f"nftables has no table {table}")
    elif listed != wanted:
        said.append(what_differs(listed, wanted, table))
    if policy.nat and _docker_user_exists() and not all(_has_docker_rule(rule) for rule in _docker_rules(policy.names)):
        said.append(f"Docker's chain DOCKER-USER does not let {policy.names.routing} through")
    return tuple(said)


def what_differs(listed: str, wanted: str, table: str) -> str:
    """A sentence on two listings of our tables that differ; pure."""
    there, due = ([line.strip() for line in listing.splitlines()] for listing in (listed, wanted))
    missing, surplus = ([line for line in ones if line not in others] for ones, others in ((due, there), (there, due)))
    new, old = (_networks("\n".join(lines)) for lines in (missing, surplus))
    if len(missing) == len(surplus) == 1 and new and old:  # it is a difference all the same: they are within reach meanwhile
        came, went = (", ".join(sorted(ones)) or "none" for ones in (new - old, old - new))
        return f"networks that no project may reach, by default the host's own, are others now: {came} came, {went} went"
    return f"the rules of nftables table {table} are others; missing is {missing[0] if missing else 'nothing'}"


def _networks(rule: str) -> set[str]:
    """Those that a rule denies to projects, as nft prints them."""
    denied = DENIED.fullmatch(rule)
    return set(denied[1].split(", ")) if denied else set()


def _has_docker_rule(rule: list[str]) -> bool:
    return _ran("iptables", "-w", "-C", "DOCKER-USER", *rule) is not None


@lru_cache(maxsize=4)
def _as_listed(script: str, table: str) -> str:
    """How nft prints the tables of this script, which is loaded in a network namespace of its own."""
    return _run("unshare", "--net", "sh", "-c", f"nft -f - && {_listing(table)}", stdin=script)


def _listed(table: str) -> str | None:
    return _ran("sh", "-c", _listing(table))


def _listing(table: str) -> str:
    return f"nft list table inet {table} && nft list table arp {table}"


def _ran(*command: str, stdin: str = "") -> str | None:
    """Output of a command; None where it fails."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return done.stdout if done.returncode == 0 else None


def watch(names: Names, changed: Callable[[], None]) -> None:
    """Call `changed` whenever our tables or Docker's chain for users change; raises DatacenterUnavailable when nft ends."""
    follow(["nft", "monitor"], changed, about=(names.table, "DOCKER-USER"))


def uninstall(names: Names) -> None:
    """Remove our tables and rules; missing ones are forgiven."""
    _run("nft", "-f", "-", stdin="\n".join([*_replaced("inet", names.table), *_replaced("arp", names.table)]))
    _remove_docker_rules(names)


def _replaced(family: str, table: str) -> list[str]:
    return [f"table {family} {table}", f"delete table {family} {table}"]


def _chain(name: str, kind: str, hook: str, priority: int, rules: list[str]) -> list[str]:
    return [f"chain {name} {{", f"type {kind} hook {hook} priority {priority}; policy accept;", *rules, "}"]


def _docker_rules(names: Names) -> list[list[str]]:
    """Docker sets FORWARD to DROP; what our own table lets through must be accepted there too."""
    mark = ["-m", "comment", "--comment", names.table, "-j", "ACCEPT"]
    return [["-i", names.routing, *mark], ["-o", names.routing, *mark]]


def _docker_user_exists() -> bool:
    if shutil.which("iptables") is None:
        return False
    return subprocess.run(["iptables", "-w", "-S", "DOCKER-USER"], capture_output=True, check=False).returncode == 0


def _remove_docker_rules(names: Names) -> None:
    if not _docker_user_exists():
        return
    for rule in _docker_rules(names):
        while subprocess.run(["iptables", "-w", "-D", "DOCKER-USER", *rule], capture_output=True, check=False).returncode == 0:
            pass


def _run(*command: str, stdin: str = "") -> str:
    """Output of a command; raises DatacenterError where it fails."""
    try:
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
    except OSError as error:
        raise DatacenterError(f"{command[0]} cannot be run ({error}); is it installed?") from error
    except subprocess.TimeoutExpired as error:
        raise DatacenterUnavailable(f"{' '.join(command)} did not answer within {TIMEOUT} s.") from error
    except subprocess.CalledProcessError as error:
        raise DatacenterError(f"{' '.join(command)} failed: {error.stderr.strip()}.") from error
