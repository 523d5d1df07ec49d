"""Commands of the host that the lab is made with."""

import subprocess
import time
from collections.abc import Callable, Mapping

from lab.errors import LabError

TIMEOUT = 60  # seconds


def run(*command: str, stdin: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """Output of a command; raises LabError with its error output if it fails."""
    try:
        done = subprocess.run(command, input=stdin, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except OSError as error:
        raise LabError(f"{command[0]} cannot be run ({error}); make up installs what the lab needs.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(command)} did not end within {TIMEOUT} s.") from error
    except subprocess.CalledProcessError as error:
        raise LabError(f"{' '.join(command)} failed: {(error.stderr or error.stdout).strip()}") from error
    return done.stdout


def wait_until(condition: Callable[[], bool], failure: str, seconds: float = 10) -> None:
    """Return as soon as the condition holds; raises LabError with the sentence after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(failure)
        time.sleep(0.02)
