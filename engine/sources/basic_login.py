"""HTTP's basic authentication (RFC 7617) against the users of an htpasswd file."""

from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.password_hashes import PasswordFile
from hookrules.engine.sources.source import CannotSign, Verifier
from hookrules.engine.sources.tokens import AUTHORIZATION, basic_login


@dataclass(frozen=True, slots=True)
class BasicLogin(Verifier):
    """Any user of the file proves."""

    users: PasswordFile

    def verify(self, delivery: Delivery, now: float) -> None:
        del now
        user, password = basic_login(delivery)
        if not self.users.proves(user, password):
            raise Unproven("the user name and password in Authorization are not this source's")

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del delivery, now
        raise CannotSign("an htpasswd file holds no passwords, only what tells whether one is right")

    def may_wait(self) -> bool:
        return True  # its hashes are slow on purpose

    def secret_places(self) -> frozenset[str]:
        return frozenset({f"header.{AUTHORIZATION}"})
