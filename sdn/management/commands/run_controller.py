"""`manage.py run_controller`: the SDN controller, until it is ended; run by supervisord."""

import logging
import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from os_ken.base.app_manager import AppManager
from os_ken.cfg import CONF
from os_ken.controller import controller  # noqa: F401  (registers the options that are set below)
from prometheus_client import start_http_server

log = logging.getLogger(__name__)

APPS = ["os_ken.controller.ofp_handler", "sdn.controller"]
ECHO_INTERVAL, ECHOES_UNANSWERED = 1.0, 5  # os-ken notices that a connection is gone only by an echo that it cannot send


class Command(BaseCommand):
    help = "Run the SDN controller: OpenFlow 1.3 towards the room's switches."

    def handle(self, *args: Any, **options: Any) -> None:
        os.environ["PGAPPNAME"] = "netmanager-controller"  # how its session is called in pg_stat_activity
        host, port = _free(settings.NETMANAGER_OPENFLOW_LISTEN, "NETMANAGER_OPENFLOW_LISTEN")
        metrics = _free(settings.NETMANAGER_METRICS_LISTEN, "NETMANAGER_METRICS_LISTEN")
        CONF([], project="netmanager", default_config_files=[])
        CONF.set_override("ofp_listen_host", host)
        CONF.set_override("ofp_tcp_listen_port", port)
        CONF.set_override("ofp_ssl_listen_port", port)
        CONF.set_override("echo_request_interval", ECHO_INTERVAL)
        CONF.set_override("maximum_unreplied_echo_requests", ECHOES_UNANSWERED)
        if settings.NETMANAGER_OPENFLOW_CERT:
            CONF.set_override("ctl_privkey", settings.NETMANAGER_OPENFLOW_KEY)
            CONF.set_override("ctl_cert", settings.NETMANAGER_OPENFLOW_CERT)
            CONF.set_override("ca_certs", settings.NETMANAGER_OPENFLOW_CA or None)
        start_http_server(metrics[1], metrics[0])
        try:
            AppManager.run_apps(APPS)
        except BaseException:
            log.exception("the controller ended")
        finally:  # os-ken's threads would keep the process; it returns when its server or an application has ended
            logging.shutdown()
            os._exit(1)


def _free(listen: str, setting: str) -> tuple[str, int]:
    """Host and port to listen on; CommandError, where os-ken would say nothing, if that cannot be."""
    host, _, port = listen.rpartition(":")
    try:
        with socket.create_server((host, int(port))):
            return host, int(port)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot listen on {setting}={listen}: {error}") from error
