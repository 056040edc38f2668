"""`server:` and `console:` of hookrules.yaml: where deliveries come in, and where people look in."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, PlainValidator, WithJsonSchema

from hookrules.engine.config.keys import Keys, problem
from hookrules.engine.secret import SecretField
from hookrules.engine.units import Duration, Size


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    host, colon, port = str(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise problem("address", f"'{value}' is not an address: write HOST:PORT, like 127.0.0.1:8787 or [::1]:8787")
    return Address(host, int(port))


AddressField = Annotated[Address, PlainValidator(_address), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8787"]})]


class Server(Keys):
    """Where deliveries come in."""

    read_over: ClassVar[frozenset[str]] = frozenset({"orphan_wait", "trusted_proxies"})

    listen: AddressField = Field(Address("127.0.0.1", 8787), description="Where senders connect to.")
    external_url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="Where senders reach this server from outside, without `/hooks`: for schemes that sign the URL, and for links.",
        examples=["https://hooks.example.com"],
    )
    max_body: Size = Field(5 * 2**20, description="A larger body is refused.")
    slots: int = Field(8, ge=1, le=1000, strict=True, description="How many runs the worker executes at once.")
    drain: Duration = Field(30.0, description="How long what runs has to finish when the server is told to end.")


class Console(Keys):
    """Where people look in."""

    listen: AddressField = Field(Address("127.0.0.1", 8788), description="Where browsers connect to.")
    external_url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="Where people reach it from outside: for links to runs, as in `{{ run.url }}` and in the statuses of commits.",
        examples=["https://console.example.com"],
    )
    token: SecretField | None = Field(None, description="What the console asks for; without one there is no console.")
