"""What changes the host: Open vSwitch, namespaces, the firewall, processes of ours."""
