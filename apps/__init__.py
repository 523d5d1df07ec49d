"""The domain: who may ask for what, what was asked, and making it so."""
