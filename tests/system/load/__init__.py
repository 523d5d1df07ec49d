"""Many clients at once, who do all that one can do; and what is left of it afterwards."""
