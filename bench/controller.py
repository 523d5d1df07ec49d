"""The SDN controller beside Faucet: learning, applying, and being killed."""

from bench import faucet, learning, ours, restarts, room, scale


def run(rounds: int) -> None:
    """Measure and print."""
    few = max(3, rounds // 4)
    with room.standing() as place, ours.running(place) as mine, faucet.running(place, place.switch(room.FAUCETS)) as theirs:
        learning.first_frame_to_flow(place, mine, theirs, rounds)
        learning.hosts_per_second(place, mine, theirs, few)
        mine.reset()
        theirs.reset()
        restarts.run(place, mine, theirs, few)
        scale.run(mine, 3 * rounds)
