"""`nightowl:apps`: what runs, one description per application."""
