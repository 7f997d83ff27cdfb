"""What the parts of a bundle are called, and in which order they stand."""

from __future__ import annotations

README = "README.txt"
SEGMENT = "ledger/segment.ckp"
OPENING = "ledger/opening.json"
OPENING_CONFIG = "ledger/opening-config.z"
HEADS = "ledger/heads.csv"
REGISTER = "register.json"
POLICY = "policy.json"
WINDOWS = "windows.json"
FIGURES = "figures.json"
DEVICES = "devices.csv"
CLOSINGS = "closings.json"
MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
SIGNATURES = "signatures.json"

CONTENTS = (
    README,
    SEGMENT,
    OPENING,
    OPENING_CONFIG,
    HEADS,
    REGISTER,
    POLICY,
    WINDOWS,
    FIGURES,
    DEVICES,
    CLOSINGS,
)
"""Parts that the manifest lists."""
ALL = (*CONTENTS, MANIFEST, DIGEST, SIGNATURES)
FORMAT = "camkeeper bundle 1"
