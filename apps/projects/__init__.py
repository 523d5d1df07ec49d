"""Projects, their members and their networks."""
