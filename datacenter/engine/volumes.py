"""Docker volumes."""

from collections.abc import Mapping

from datacenter.engine.connection import Connection, forgiving, label_filter, translated

# Said at every creation: the engine asks all volume drivers for a volume without one, and so for a list of volumes, and
# waits 15 s for each plugin on the host that is dead (moby 20.10, pkg/plugins).
VOLUME_DRIVER = "local"


class Volumes(Connection):
    """The engine's volumes."""

    def ensure_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make the volume if it is missing."""
        with translated(f"Making volume {name}"):
            self._api.create_volume(name, driver=VOLUME_DRIVER, labels=dict(labels))

    def volumes(self, labels: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
        """Labels of the volumes that carry these, by name."""
        with translated("Listing volumes"):
            listed = self._api.volumes(filters=label_filter(labels))["Volumes"] or []
        return {volume["Name"]: volume["Labels"] for volume in listed}

    def delete_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Remove the volume if it carries the labels; a missing one is forgiven."""
        with translated(f"Removing volume {name}"), forgiving():
            found = self._api.inspect_volume(name)
            if labels.items() <= (found["Labels"] or {}).items():
                self._api.remove_volume(name)

    def delete_volumes(self, labels: Mapping[str, str]) -> None:
        """Remove all volumes that carry the labels."""
        with translated("Removing volumes"):
            for volume in self._api.volumes(filters=label_filter(labels))["Volumes"] or []:
                with forgiving():
                    self._api.remove_volume(volume["Name"])
