"""A fake switch: the flow table of OpenFlow 1.3 as its specification has it, in memory. It knows nothing of our pipeline."""
