"""Kind `syslog`: a line for a syslog server, as RFC 5424 writes it, over UDP (RFC 5426)."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from hookrules.actions import Action, Names, Service, ServiceUse, Surroundings
from hookrules.engine.model import Json, Outcome
from hookrules.engine.templating import TextTemplate

SECTION = "syslog"
SEVERITIES = {"error": 3, "warning": 4, "notice": 5, "info": 6}
_FACILITY = 16  # local0
_LONGEST = 1024  # bytes: what a datagram of syslog may hold everywhere


class SyslogServer(Service):
    """A server that `syslog` may send lines to."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("logs", {"host": "logs.example.com"})

    host: str = Field(min_length=1, description="Its name or address.")
    port: int = Field(514, ge=1, le=65535, description="Its port.")


class SyslogAction(Action):
    """Sends one line to a syslog server."""

    kind: ClassVar[str] = "syslog"
    results: ClassVar[tuple[str, ...]] = ("line",)
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"server": "logs", "message": "{{ payload.ref }} is at {{ payload.after }}", "severity": "notice"}]}
    )

    server: str = Field(description="A name under `syslog` in hookrules.yaml.")
    message: TextTemplate = Field(description="What the line says; a line break becomes a space.")
    severity: Literal["error", "warning", "notice", "info"] = Field("info", description="How much it matters.")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.server, "server"),)

    def render(self, names: Names) -> "SyslogCall":
        """Raises TemplateError."""
        return SyslogCall(self.server, self.severity, re.sub(r"[\x00-\x1f\x7f]+", " ", self.message.render(names)))


@dataclass(frozen=True, slots=True)
class SyslogCall:
    """A line with every template filled in."""

    server: str
    severity: str
    message: str

    def describe(self) -> Mapping[str, Json]:
        return {"server": self.server, "severity": self.severity, "message": self.message}

    def perform(self, surroundings: Surroundings) -> Outcome:
        server = surroundings.services[SECTION][self.server]
        assert isinstance(server, SyslogServer)
        moment = datetime.fromtimestamp(surroundings.now, UTC).isoformat()
        priority = _FACILITY * 8 + SEVERITIES[self.severity]
        line = f"<{priority}>1 {moment} - hookrules - - - {self.message}".encode(errors="replace")[:_LONGEST]
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(line, (server.host, server.port))
        except OSError as error:
            return Outcome(succeeded=False, error=f"syslog {self.server}: {error.strerror or error}")
        return self.suppose({"line": line.decode(errors="replace")})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"line": self.message, **result})
