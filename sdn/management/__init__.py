"""Management commands of the controller."""
