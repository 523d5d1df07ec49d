"""Makes the host again what the database says, whatever happened to it, and tells what it did."""
