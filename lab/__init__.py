"""A room in a box: switches, sockets and laptops in namespaces of this host, for demos, tests and benchmarks."""
