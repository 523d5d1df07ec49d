"""Follows what a command prints for as long as it runs."""

import subprocess
from collections.abc import Callable
from tempfile import TemporaryFile

from datacenter.errors import DatacenterError, DatacenterUnavailable


def follow(command: list[str], heard: Callable[[], None], about: tuple[str, ...] = ("",)) -> None:
    """Call `heard` at each line with one of these words that the command prints, until it ends; it ends with this process.

    Raises DatacenterUnavailable with what it says if it ends badly.
    """
    with TemporaryFile("w+") as said:
        try:
            with subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdout=subprocess.PIPE, stderr=said, text=True
            ) as running:
                assert running.stdout
                for line in running.stdout:
                    if any(word in line for word in about):
                        heard()
        except OSError as error:
            raise DatacenterError(f"{command[0]} cannot be run: {error}.") from error
        if running.returncode:
            said.seek(0)
            raise DatacenterUnavailable(f"{command[0]} exited {running.returncode}: {said.read().strip() or 'no output'}.")
