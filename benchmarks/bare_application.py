"""The nearest limit: bottle on granian, which proves a delivery and answers, and keeps nothing. `intake.py` has granian serve it."""

import hashlib
import hmac
import json
from typing import Any

import bottle
from pushes import REF, SECRET

application = bottle.Bottle()


@application.post("/hooks/github")
def take() -> dict[str, Any]:
    body = bottle.request.body.read()
    expected = "sha256=" + hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    if not hmac.compare_digest(expected, bottle.request.get_header("X-Hub-Signature-256", "")):
        raise bottle.HTTPError(401)
    return {"fires": json.loads(body)["ref"] != REF}
