"""Mutual TLS: the sender has a certificate, which our listener has checked itself, or a proxy in front of it."""

from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import CannotSign, Verifier
from hookrules.engine.sources.verification import needed_header


class _Certificate(Verifier):
    __slots__ = ()

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del delivery, now
        raise CannotSign("this source is proven by a certificate, which a connection has and a delivery has not")


@dataclass(frozen=True, slots=True)
class OwnCertificate(_Certificate):
    """Our listener asked for it (`server.tls.client_ca`)."""

    def verify(self, delivery: Delivery, now: float) -> None:
        del now
        if not delivery.client_certificate:
            raise Unproven("the connection came without a certificate of the sender")


@dataclass(frozen=True, slots=True)
class ProxyCertificate(_Certificate):
    """A proxy says in a header what it found. Anyone can write that header, so it counts from `server.trusted_proxies` alone."""

    header: str
    values: tuple[str, ...]
    """What the header may hold, each in full."""

    def verify(self, delivery: Delivery, now: float) -> None:
        del now
        if not delivery.trusted_proxy:
            raise Unproven(f"the header {self.header} counts only from a proxy that server.trusted_proxies names")
        if needed_header(delivery, self.header, "the proxy has to write it") not in self.values:
            raise Unproven(f"the header {self.header} does not say that the sender's certificate is good")
