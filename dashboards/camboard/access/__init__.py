"""Signing in and out, one's own password, accounts and tokens."""
