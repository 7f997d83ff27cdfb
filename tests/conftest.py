"""What all tests share: hypothesis without a clock, because the machine is shared and may be slow at any moment.

`pytest --hypothesis-profile=thorough tests/monitor/judge tests/monitor/availability` runs the laws on 10,000 examples.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("default"), max_examples=10_000)
settings.load_profile("default")
