"""A room for the tests of sdn/: frames, networks, what is expected of them; a switch and its controller, and a wire."""
