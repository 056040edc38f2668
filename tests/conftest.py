"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How long something takes is measured in benchmarks; a machine with much else to do must fail no test.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
