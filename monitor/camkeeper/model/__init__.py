"""Frozen values that every room shares. Pure: no I/O, no clock.

`span` time, `status` what a device is, `probing` one question and its answer, `change` what the ledger records,
`place` sites and key places, `equipment` devices and links, `contract` who promised what, `policy` named rules,
`registry` all of a township together.
"""
