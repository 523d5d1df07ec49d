"""What happens on the Docker Engine."""

from collections.abc import Callable, Mapping

from datacenter.engine.connection import Connection, label_filter, translated

NEWS = ("start", "die", "destroy", "pause", "unpause", "rename", "create", "remove")  # not what is executed inside, nor health


class Events(Connection):
    """The engine's events."""

    def watch(self, labels: Mapping[str, str], changed: Callable[[], None]) -> None:
        """Call `changed` whenever a container, network or volume with the labels comes, goes, or begins or ceases to run.

        Returns, or raises DatacenterUnavailable, when the engine ends.
        """
        filters = label_filter(labels) | {"event": list(NEWS)}
        with translated("Listening to events"):
            for _ in self._api.events(filters=filters):
                changed()
