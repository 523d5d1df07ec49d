"""A call that is made while Redis is away."""

import os
import subprocess
import sys

from tests.conftest import ROOT

ENQUEUE = """
import time
from apps.operations.tasks import enqueue
begun = time.monotonic()
enqueue(7)
print(time.monotonic() - begun)
"""


def test_without_a_broker_enqueueing_warns_and_goes_on_at_once() -> None:
    away = os.environ | {"REDIS_URL": "redis://127.0.0.1:1/1"}
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", ENQUEUE]
    done = subprocess.run(command, cwd=ROOT, env=away, capture_output=True, text=True, timeout=60, check=False)
    assert "the broker does not take drain(7)" in done.stderr
    assert float(done.stdout) < 1
