"""What a provider's module says of it, once: how its deliveries are proven and read, and what a person has to know to connect it."""

from collections.abc import Callable
from dataclasses import dataclass

from hookrules.engine.sources.address_lists import AddressLists
from hookrules.engine.sources.source import Source, Verifier


@dataclass(frozen=True, slots=True)
class Credentials:
    """What hookrules.yaml has to prove the deliveries of a source with."""

    secrets: tuple[str, ...]
    """At least one. Any of them proves, the first one signs."""
    tolerance: float | None = None
    """Seconds that a signed time may be away from this clock; None: as the provider advises."""
    signing_key: str | None = None
    """For schemes that are proven with a public key: the private one, for who signs a delivery to try things out."""
    lists: AddressLists | None = None
    """For who proves by the address. Without them, a list of a name or a file lets no one in."""

    def within(self, usual: float) -> float:
        return usual if self.tolerance is None else self.tolerance

    def shared(self) -> tuple[bytes, ...]:
        """The secrets as they are written, to hash with. Raises ValueError for an empty one, which would be one that everybody knows."""
        if not self.secrets or not all(self.secrets):
            raise ValueError("an empty secret proves nothing")
        return tuple(secret.encode() for secret in self.secrets)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that `provider:` may name."""

    title: str
    """Its name as it writes it."""
    source: type[Source]
    verifier: Callable[[Credentials], Verifier] | None
    """Raises ValueError, in a sentence for its writer, for secrets that can't be this provider's.

    None: the provider signs nothing itself, so that `verify` has to say how its deliveries are proven.
    """
    proof: str = ""
    """What its secret (or key) is and where a person finds it, as a phrase."""
    setup: str = ""
    """How to connect it, in Markdown: where its URL is entered and what to choose there."""
    public: bool = False
    """Whether that is no secret at all: a public key, or a name."""
    signs_time: bool = False
    """Whether it signs a time, so that `tolerance` means something."""
    signs_url: bool = False
    """Whether it signs the URL, so that ours has to be known as it is known to the provider."""
    tells_failed: bool = False
    """Whether it has a list of deliveries that failed, to catch up from."""
    catalogue: str | None = None
    """Which of `catalogues/` says what its events look like."""
    types: str = ""
    """What its event types are made of, in Markdown; `delivery` likewise for what tells a delivery that comes again."""
    delivery: str = ""
    remarks: str = ""
    """What else a person has to know of it, in sentences of Markdown."""
