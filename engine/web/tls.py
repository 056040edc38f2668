"""The server's side of TLS."""

import ssl

from hookrules.engine import logs
from hookrules.engine.config.certificates import TlsFiles, words_of


def context_of(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or 1.3, asking for a client's certificate where an authority for them is named."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = _Telling
    if files.client_ca is not None:
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class _Telling(ssl.SSLObject):
    """Tells both ends why a handshake fails: event loops close the connection on the error, and OpenSSL's alert would never be sent.

    So we ask for more first, as one does who waits for the other end, and what is there to be sent is sent.
    """

    _failed: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failed = error
            logs.warning("a TLS handshake failed", reason=words_of(error))
            raise ssl.SSLWantReadError from None
