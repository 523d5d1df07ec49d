"""Open vSwitch and kernel interfaces of this machine, as the command line shows them."""

import subprocess

PREFIX = "nmt-"


def run(*command: str) -> str:
    """Output of a command; AssertionError with its error output if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout.strip()


def vsctl(*arguments: str) -> str:
    return run("ovs-vsctl", *arguments)


def bridges() -> list[str]:
    return vsctl("list-br").splitlines()


def ports(bridge: str) -> list[str]:
    return vsctl("list-ports", bridge).splitlines()


def link_exists(name: str) -> bool:
    return subprocess.run(["ip", "link", "show", name], capture_output=True, check=False).returncode == 0


def delete_everything(*names: str) -> None:
    """Remove bridges and interfaces of these names; only those of the test instance can be named."""
    for name in names:
        assert name.startswith(PREFIX), name
        vsctl("--if-exists", "del-br", name)
        if link_exists(name):
            run("ip", "link", "del", name)
