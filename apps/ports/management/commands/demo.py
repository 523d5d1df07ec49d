"""`manage.py demo`: the main job told through the HTTP API and the lab, every result checked; `make demo` calls it."""

import subprocess
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.ports.demo import containers, controller, images, sockets
from apps.ports.demo.stage import Stage
from datacenter.errors import DatacenterError
from lab.errors import LabError


class Command(BaseCommand):
    help = "Walk through the main job by the HTTP API of the running NetManager and a lab, and check each result."

    def handle(self, *args: Any, **options: Any) -> None:
        stage = Stage(self.stdout)
        try:
            self._play(stage)
        except (DatacenterError, LabError, subprocess.SubprocessError) as error:
            raise CommandError(f"demo: {error}") from error
        self.stdout.write(f"demo: {stage.passed} checks passed")

    def _play(self, stage: Stage) -> None:
        containers.play(stage)
        images.play(stage)
        stage.step("a room in a box: a switch, four sockets, a laptop at each")
        call_command("lab", "up", "--sockets", "4", stdout=self.stdout, stderr=self.stderr)
        sockets.play(stage)
        controller.play(stage)
