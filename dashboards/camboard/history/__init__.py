"""Years of one device or one site, from the ledger and from the mirror: each figure says from which."""
