"""The whole way from a socket of the lab to a container, for three projects that share the room."""
