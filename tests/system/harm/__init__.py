"""Laptops that harm others, by malice or by a cable in the wrong place."""
