"""Small documents that sources need: certificates, lists of addresses."""

from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import PUBLIC, Client
from hookrules.engine.outbound.failures import BadUrl, NotGiven, RequestFailed

DOCUMENT_LIMIT = 2**18
_SECONDS = 10.0


def fetch_document(url: str, *, limit: int = DOCUMENT_LIMIT, seconds: float = _SECONDS, client: Client = PUBLIC) -> bytes:
    """GET of an https URL, not redirected: `limit` bytes at most, unpacked, in `seconds` at most.

    Raises RequestFailed: `retryable` where a later try may fare better; NotGiven, with the status, where that is no success.
    """
    from hookrules.engine.outbound.http_client import Request, send

    if not url.lower().startswith("https://"):
        raise BadUrl("such a document is fetched over https:// only")
    request = Request("GET", url, {"User-Agent": "hookrules", "Accept": "*/*"}, response_limit=limit)
    answer = send(request, Budget.of(seconds), client)
    if not 200 <= answer.status < 300:
        raise NotGiven(answer.status)
    if not answer.whole:
        raise RequestFailed(f"the document is larger than {limit:,} bytes", retryable=False)
    return answer.body
