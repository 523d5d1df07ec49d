"""What a switch has confirmed of its sockets, and what it is still to confirm; pure."""

from sdn.network import Socket


class Confirmations:
    """VLANs of sockets by number: as confirmed, and as set by batches whose barrier is under way."""

    def __init__(self) -> None:
        self._confirmed: dict[int, int | None] = {}
        self._under_way: dict[int, dict[int, int | None]] = {}
        self._last = 0

    def begin(self, sockets: tuple[Socket, ...]) -> int:
        """The number of a new batch, of those sockets that no batch has set to what they are now.

        A socket that is new here is taken to be as the database has it confirmed; one that is gone is forgotten.
        """
        expected = {socket.number: self._confirmed.get(socket.number, socket.applied) for socket in sockets}
        self._confirmed = dict(expected)
        for batch in self._under_way.values():
            expected.update(batch)
        self._last += 1
        self._under_way[self._last] = {socket.number: socket.vlan for socket in sockets if expected[socket.number] != socket.vlan}
        return self._last

    def holds_nothing(self, batch: int) -> bool:
        """Whether a batch sets no socket."""
        return not self._under_way.get(batch)

    def confirm(self, batch: int) -> dict[int, int | None]:
        """The sockets that are confirmed by the barrier of a batch to be in another VLAN than before."""
        changed = {
            number: vlan
            for number, vlan in self._under_way.pop(batch, {}).items()
            if number in self._confirmed and self._confirmed[number] != vlan
        }
        self._confirmed.update(changed)
        return changed

    def untold(self, sockets: tuple[Socket, ...]) -> dict[int, int | None]:
        """What is confirmed of sockets of which the database says something else, where nothing is under way."""
        under_way = {number for batch in self._under_way.values() for number in batch}
        settled = {number: vlan for number, vlan in self._confirmed.items() if number not in under_way}
        return {one.number: settled[one.number] for one in sockets if settled.get(one.number, one.applied) != one.applied}

    def drop(self, batch: int | None = None) -> None:
        """Expect no confirmation of a batch any more, or of any."""
        if batch is None:
            self._under_way.clear()
        else:
            self._under_way.pop(batch, None)
