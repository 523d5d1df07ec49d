"""System checks of the controller's settings."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

TLS = ("NETMANAGER_OPENFLOW_KEY", "NETMANAGER_OPENFLOW_CERT", "NETMANAGER_OPENFLOW_CA")


@checks.register()
def tls_is_whole(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    files = {name: getattr(settings, name) for name in TLS}
    if any(files.values()) and not (files["NETMANAGER_OPENFLOW_KEY"] and files["NETMANAGER_OPENFLOW_CERT"]):
        hint = "Name a key and its certificate, and a CA that has signed the switches', or none of the three."
        return [checks.Error("NETMANAGER_OPENFLOW_KEY and NETMANAGER_OPENFLOW_CERT belong together.", hint, id="netmanager.E003")]
    missing = [f"{name} ({path})" for name, path in files.items() if path and not Path(path).is_file()]
    if missing:
        return [
            checks.Error(
                f"There is no such file: {', '.join(missing)}.", "Give absolute paths of PEM files.", id="netmanager.E004"
            )
        ]
    if files["NETMANAGER_OPENFLOW_CERT"] and not files["NETMANAGER_OPENFLOW_CA"]:
        hint = "Set NETMANAGER_OPENFLOW_CA to the CA that has signed the switches' certificates."
        return [checks.Warning("Any switch is let in by TLS without a certificate.", hint, id="netmanager.W002")]
    return []


@checks.register()
def limits_let_somebody_in(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    names = [name for name in ("NETMANAGER_SOCKET_MACS", "NETMANAGER_SOCKET_BROADCASTS") if getattr(settings, name) < 1]
    return [
        checks.Error(f"{name} is less than 1: no socket would work.", "Set it to 1 or more.", id="netmanager.E005")
        for name in names
    ]
