"""The record: append-only, hash-chained, acknowledged only when on disk."""
