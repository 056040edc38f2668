"""What Amazon SNS is asked for, at its own hosts alone: the certificates that it signs with, and to confirm a subscription.

Format: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
"""

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hookrules.engine.errors import Unavailable, Unproven
from hookrules.engine.outbound.documents import fetch_document
from hookrules.engine.outbound.failures import NotGiven, RequestFailed

Fetch = Callable[[str], tuple[int, bytes]]
"""GET of a URL → status and body. Raises Unavailable where there is no answer."""

_HOST = r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/[A-Za-z0-9_-]{1,200}\.pem", re.ASCII)
_CONFIRMATION = re.compile(_HOST + r"/\?Action=ConfirmSubscription&[!-~]{1,4000}", re.ASCII)
_SECONDS = 5.0
_MOST_KEPT = 20
_MOST_FETCHES = 10
_PER = 60.0


def fetch(url: str) -> tuple[int, bytes]:
    """By the guarded client, without redirects. The URL has to be one of those above."""
    try:
        return 200, fetch_document(url, seconds=_SECONDS)
    except NotGiven as answer:
        return answer.status, b""
    except RequestFailed:
        raise Unavailable("Amazon SNS can't be reached from here, and has to be asked") from None


def confirm(url: object, fetch: Fetch) -> None:
    """Raises Unproven for a URL that is not Amazon's, and Unavailable where Amazon does not confirm."""
    if not isinstance(url, str) or not _CONFIRMATION.fullmatch(url):
        raise Unproven("SubscribeURL does not lead to Amazon SNS")
    status, _ = fetch(url)
    if status != 200:
        raise Unavailable(f"Amazon SNS did not confirm the subscription ({status})")


class Certificates:
    """The certificates that were fetched, the newest few. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._fetched: deque[float] = deque(maxlen=_MOST_FETCHES)
        self._lock = threading.Lock()

    def key(self, url: object, now: float, fetch: Fetch) -> RSAPublicKey:
        """Raises Unproven for a URL that is not Amazon's and for what is no valid certificate, Unavailable where none can be had."""
        if not isinstance(url, str) or not _CERTIFICATE.fullmatch(url):
            raise Unproven("SigningCertURL does not lead to a certificate of Amazon SNS")
        certificate = self._known(url) or self._new(url, now, fetch)
        moment = datetime.fromtimestamp(now, UTC)
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise Unproven("the certificate at SigningCertURL is not valid now, by this server's clock")
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise Unproven("the certificate at SigningCertURL is not for RSA")
        return key

    def _known(self, url: str) -> x509.Certificate | None:
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
            return self._kept.get(url)

    def _new(self, url: str, now: float, fetch: Fetch) -> x509.Certificate:
        self._count_fetch(now)
        status, body = fetch(url)
        if status >= 500:
            raise Unavailable(f"Amazon SNS did not give its certificate ({status})")
        try:
            certificate = x509.load_pem_x509_certificate(body) if status == 200 else None
        except ValueError:
            certificate = None
        if certificate is None:
            raise Unproven("there is no certificate at SigningCertURL")
        with self._lock:
            self._kept[url] = certificate
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return certificate

    def _count_fetch(self, now: float) -> None:
        """A stranger may name any number of certificates that do not exist; we ask for few of them."""
        with self._lock:
            if len(self._fetched) == _MOST_FETCHES and abs(now - self._fetched[0]) < _PER:
                raise Unavailable("too many certificates of Amazon SNS were asked for in the last minute")
            self._fetched.append(now)
