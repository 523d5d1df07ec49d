"""The only code that touches the host: Open vSwitch, Docker, netlink, nftables. Knows no model."""
