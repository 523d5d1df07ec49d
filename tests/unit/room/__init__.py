"""A room for the tests of sdn/: frames, networks, what is expected of them, and a switch and its controller on either end of a wire."""
