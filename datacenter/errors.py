"""What can go wrong on the host; third-party exceptions become these at the door of `datacenter`."""


class DatacenterError(Exception):
    """The host refused or is broken; its message is a sentence for the operator."""


class DatacenterUnavailable(DatacenterError):
    """A service of the host does not answer; the same call can succeed later."""


class ImageMissing(DatacenterError):
    """The engine does not have the image and could not pull it."""


class ContainerMissing(DatacenterError):
    """The engine has no such container, or is removing it."""


class StartRefused(DatacenterError):
    """The engine could not start the container's command."""


class DockerfileRefused(DatacenterError):
    """This is no Dockerfile, or one that asks for what builds may not do."""


class BuildFailed(DatacenterError):
    """A step of a Dockerfile failed; the message is the engine's."""
