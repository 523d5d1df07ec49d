"""A Python with the stack's models that stays up, for to start one takes a second."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANSWERS = """
import contextlib, io, json, os, traceback
from django.db import connections
asked, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # whatever it starts, and leaves running, has none of the pipes
os.dup2(2, 1)
for line in asked:
    printed, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
    except BaseException:
        error = traceback.format_exc()
    connections.close_all()
    print(json.dumps([printed.getvalue(), error]), file=answers, flush=True)
"""


class Shell:
    """`manage.py shell`, started when it is first asked and after each `end`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, code: str) -> str:
        """What the code prints; AssertionError with its traceback if it fails."""
        if self._process is None:
            command = (".venv/bin/python", "manage.py", "shell", "-v", "0", "-c", ANSWERS)
            environment = os.environ | self._environment
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        printed, error = json.loads(self._process.stdout.readline())
        assert not error, error
        return str(printed)

    def end(self) -> None:
        """Nothing of it runs; it is forgiven if it never did."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
