"""The map of one site on one sheet of paper, PNG or PDF: values for showing in, bytes out.

No clock, no network, no files but its own font.
"""

from camkeeper.cover.sight import State
from camkeeper.sheet.marks import Mark
from camkeeper.sheet.paper import Form, SheetError, village

__all__ = ["Form", "Mark", "SheetError", "State", "village"]
