"""Letters' way to people, pure: who gets one (`routing`), when, together with which (`queue`), again when (`backoff`).

The table of letters is the ledger's, the loop that sends is `camkeeper.run.sender`.
"""

from camkeeper.outbox.queue import Bundle, Mark, Nothing, Queue, Send, Wait, answered, began, bundled, decide, posted

__all__ = [
    "Bundle",
    "Mark",
    "Nothing",
    "Queue",
    "Send",
    "Wait",
    "answered",
    "began",
    "bundled",
    "decide",
    "posted",
]
