"""A county's board: a row a township, a township's sites and cameras, a camera's month."""
