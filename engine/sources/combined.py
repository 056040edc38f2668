"""Several proofs: all of them together, or any of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import CannotSign, Verifier


@dataclass(frozen=True, slots=True)
class _Combined(Verifier):
    verifiers: tuple[Verifier, ...]

    def __post_init__(self) -> None:
        if not self.verifiers:
            raise ValueError("no proof at all proves nothing")

    def may_wait(self) -> bool:
        return any(verifier.may_wait() for verifier in self.verifiers)

    def secret_places(self) -> frozenset[str]:
        return frozenset().union(*(verifier.secret_places() for verifier in self.verifiers))


@dataclass(frozen=True, slots=True)
class AllOf(_Combined):
    """`verify: {all: […]}`. Which secret proved it is told of the first that has several."""

    def verify(self, delivery: Delivery, now: float) -> int | None:
        proofs = [(verifier.verify(delivery, now), verifier.ways()) for verifier in self.verifiers]
        told = [position for position, ways in proofs if ways > 1]
        return told[0] if told else proofs[0][0]

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        for verifier in self.verifiers:
            delivery = verifier.sign(delivery, now)
        return delivery

    def ways(self) -> int:
        return next((ways for ways in _ways(self.verifiers) if ways > 1), 1)


@dataclass(frozen=True, slots=True)
class AnyOf(_Combined):
    """`verify: {any: […]}`. Secrets are counted on from one to the next, in the order in which they are written."""

    def verify(self, delivery: Delivery, now: float) -> int | None:
        before, reasons = 0, []
        for verifier in self.verifiers:
            try:
                return before + (verifier.verify(delivery, now) or 1)
            except Unproven as refusal:
                reasons.append(str(refusal))
            before += verifier.ways()
        raise Unproven("; ".join(dict.fromkeys(reasons)))

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        for verifier in self.verifiers:
            try:
                return verifier.sign(delivery, now)
            except CannotSign as refusal:
                last = refusal
        raise last

    def ways(self) -> int:
        return sum(_ways(self.verifiers))


def _ways(verifiers: Iterable[Verifier]) -> Iterable[int]:
    return (verifier.ways() for verifier in verifiers)
