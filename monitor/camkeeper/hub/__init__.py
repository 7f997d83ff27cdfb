"""A county's hub: a copy of each edge's ledger, grown by proof only, and the sum of their figures."""
