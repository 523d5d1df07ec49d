"""What calls can leave behind that no row knows of: layers of images, running processes, and what logs say of exceptions."""

from tests.system.stack import ENGINE_RUN, VAR, Stack, run

Sizes = dict[str, int]


def layers(stack: Stack) -> set[str]:
    """Images that have no name, and on which nothing is built."""
    return set(stack.docker("images", "-q", "--no-trunc", "--filter", "dangling=true").split())


def running() -> list[str]:
    """First processes of containers that the test's engine has started, whether or not it knows of them: pid and command line."""
    shims = run("pgrep", "-d,", "-f", f"containerd-shim.*{ENGINE_RUN}", check=False).strip()
    return run("pgrep", "-a", "-P", shims, check=False).splitlines() if shims else []


def logs() -> Sizes:
    """Bytes of each log of our processes, to look later at what has come since."""
    return {str(log): log.stat().st_size for log in (VAR / "log").glob("*.log")}


def tracebacks(before: Sizes) -> list[str]:
    """What our processes have written since of exceptions that nobody expected."""
    found = []
    for log in (VAR / "log").glob("*.log"):
        with log.open(errors="replace") as file:
            file.seek(before.get(str(log), 0))
            found += [f"{log.name}: {part[:2000]}" for part in file.read().split("Traceback (most recent call last)")[1:]]
    return found
