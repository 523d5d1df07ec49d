"""Kinds of the operations of this app."""

NEW = "new-container"
UPDATE = "update-container"
REMOVE = "remove-container"
START = "start-container"
STOP = "stop-container"
RESTART = "restart-container"
