"""Switches, sockets and the hosts plugged into them."""
