"""camkeeper: is the promise of 95% online kept, and how sure are we.

The way of one answer through the rooms::

    config -> model.Registry -> schedule -> probe -> judge -> ledger -> availability -> standing -> board, report

`model`, `schedule`, `judge` and `availability` are pure: no asyncio, no clock, no socket, no sqlite.
`probe` and `ledger` do the I/O and do not know each other; `run` wires them, top to bottom.
"""
