"""Clients do everything while one thing after the other is killed; then all must be whole, and no memory has grown."""
