"""`python -m bench [SUBJECT…]`: measures beside what one would use instead, in one run, and prints ratios."""

import argparse
import signal
import sys

from bench import containers, controller, datacenter, info, leftovers, networks, sockets, steps

SUBJECTS = ("containers", "steps", "info", "networks", "sockets", "controller")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(SUBJECTS)}; none: all")
    parser.add_argument("--rounds", type=int, default=20, help="measurements of each contender")
    parser.add_argument(
        "--projects", type=int, default=0, help="also measure with so many projects on the host (200: some minutes)"
    )
    asked = parser.parse_args()
    if unknown := set(asked.subjects) - set(SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}; there are: {', '.join(SUBJECTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that everything is cleaned up
    subjects = asked.subjects or SUBJECTS
    leftovers.remove()
    try:
        if "containers" in subjects:
            containers.run(asked.rounds)
        if "steps" in subjects:
            steps.run(asked.rounds)
        if "info" in subjects:
            info.run(asked.rounds)
        if "networks" in subjects:
            networks.run(asked.rounds, asked.projects)
        if "sockets" in subjects:
            sockets.run(asked.rounds)
        if "controller" in subjects:
            controller.run(asked.rounds)
    finally:
        datacenter.forget_projects()


if __name__ == "__main__":
    main()
