"""The fourth scene: the controller is killed, and nobody notices."""

import os
import signal
from pathlib import Path

from django.conf import settings

from apps.ports.demo.sockets import MOVER, going_on
from apps.ports.demo.stage import HERE, USER, Stage
from apps.ports.models import Switch


def play(stage: Stage) -> None:
    """SIGKILL, and supervisord starts it again; what was learned and decided stays on the switch."""
    stage.step("the controller is killed, and comes back")
    with going_on(stage):
        before = _connected()
        pid = int(Path(f"/run/netmanager/{settings.NETMANAGER_INSTANCE}/controller.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        stage.wait("the switch is connected to the new controller", lambda: (now := _connected()) and now != before, 30)
    stage.post(f"remove-port/{USER}/{MOVER}")
    added = stage.post(f"add-port/{USER}/{HERE}/{MOVER}")
    stage.check("the next change is applied at once", added["applied"])


def _connected() -> object:
    """Since when the lab's switch is connected."""
    return Switch.objects.get(name="lab").connected_at
