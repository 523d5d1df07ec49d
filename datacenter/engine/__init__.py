"""Containers, their logs, images, networks and volumes of the Docker Engine; the only importer of docker."""

from datacenter.engine.builds import Builds, BuildSpec
from datacenter.engine.containers import Containers, ContainerSpec, ContainerState
from datacenter.engine.events import Events
from datacenter.engine.images import ImageFacts
from datacenter.engine.inspection import Inspected, Inspection
from datacenter.engine.logs import Logs
from datacenter.engine.networks import Networks, NetworkSpec
from datacenter.engine.steps import BuildStep
from datacenter.engine.volumes import Volumes

__all__ = ["BuildSpec", "BuildStep", "ContainerSpec", "ContainerState", "Engine", "ImageFacts", "Inspected", "NetworkSpec"]


class Engine(Networks, Volumes, Containers, Inspection, Logs, Events, Builds):
    """A connection to the Docker Engine, opened at first use and kept."""
