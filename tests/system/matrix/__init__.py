"""The kill matrix: what is lost, and for how long, whatever is killed; `make matrix` writes docs/RELIABILITY.md from it."""
