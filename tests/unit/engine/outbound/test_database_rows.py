"""Values of a database as JSON."""

import datetime
import json
import uuid
from decimal import Decimal

import pytest

from hookrules.engine.outbound.database_rows import json_of


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (True, True),
        ("x", "x"),
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (1.5, 1.5),
        (float("inf"), "inf"),
        (Decimal("12.50"), 12.5),
        (Decimal(12), 12),
        (Decimal("1E+3"), 1000),
        (Decimal("0.1"), 0.1),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        (Decimal("NaN"), "NaN"),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (datetime.datetime(2026, 3, 1, 10, 30, tzinfo=datetime.UTC), "2026-03-01T10:30:00+00:00"),
        (datetime.time(10, 30), "10:30:00"),
        (datetime.timedelta(minutes=90), 5400.0),
        (b"\x00\xff", "AP8="),
        (memoryview(b"x"), "eA=="),
        ({"a": [Decimal("1.5"), (1, 2)]}, {"a": [1.5, [1, 2]]}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_is_json(value: object, told: object) -> None:
    assert json_of(value) == told
    assert type(json_of(value)) is type(told)
    json.dumps(json_of(value), allow_nan=False)
