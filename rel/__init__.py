"""The reliability harness: breaks a running camkeeper on purpose and says whether its promises held.

Used from a checkout (`python -m rel NAME`); it isn't part of what is installed. It may use the product, the virtual
fleet and the tests' real peers; nothing of the product uses it.
"""
