"""The SDN controller: a shim of os-ken around decisions that are pure."""
