"""Who may come in, and what they did: accounts, sessions, tokens, limits of trying, the audit log.

A store of its own beside the ledger (`LEDGER.access`, 0600): never in the ledger, never in an export. It knows nothing
of pages; the board asks it through `camboard.source.AccessSource`.
"""

from camkeeper.access.access import Access
from camkeeper.access.chain import Verified
from camkeeper.access.file import access_beside, anchor, verify
from camkeeper.access.hashing import Cost
from camkeeper.access.localkey import bearer, key_beside, leave_key, os_user, take_key
from camkeeper.access.record import AccessBusyError, AccessClosedError, AccessError, Terms
from camkeeper.access.secret import new_password

__all__ = [
    "Access",
    "AccessBusyError",
    "AccessClosedError",
    "AccessError",
    "Cost",
    "Terms",
    "Verified",
    "access_beside",
    "anchor",
    "bearer",
    "key_beside",
    "leave_key",
    "new_password",
    "os_user",
    "take_key",
    "verify",
]
