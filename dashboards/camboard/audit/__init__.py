"""Who did what: the audit log and the ledger's own register, in one list by time."""
