"""The coverage map: what is seen now, what is lost, what would be lost."""
