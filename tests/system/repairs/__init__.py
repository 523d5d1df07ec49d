"""NetManager makes the host again what the database says."""
