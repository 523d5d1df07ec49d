"""Every endpoint keeps to what /schema/ says of it, over HTTP against the running system."""
