"""A month in one file that the other party can prove without configuration, ledger or network."""
