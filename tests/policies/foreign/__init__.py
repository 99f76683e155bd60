"""Programs as others write them, to see what the pack says where nothing is named as in Nightowl."""
