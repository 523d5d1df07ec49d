"""Containers and the catalogue of images."""
