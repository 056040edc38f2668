"""What holds for all tests."""

import signal

from hypothesis import HealthCheck, settings

# How long something takes is measured in benchmarks; a machine with much else to do must fail no test.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# In the background of a shell Ctrl-C is ignored, and all that a test starts would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
