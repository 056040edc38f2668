"""Kind `http`: one HTTP request."""

import functools
import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any, ClassVar, Self
from urllib.parse import quote, urlencode

from pydantic import ConfigDict, Field, field_validator, model_validator

from hookrules.actions.action import Absence, Action, Names, Services, ServiceUse
from hookrules.actions.http_auth import Auth
from hookrules.actions.http_bodies import Body, ContentField, PartField, form_body, json_body, multipart_body, text_body
from hookrules.actions.http_call import REMEDY, HttpCall
from hookrules.actions.http_clients import SECTION, reach_of
from hookrules.actions.http_fields import HeaderName, Statuses, has_header
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import FailureKind
from hookrules.engine.outbound.addresses import Reach
from hookrules.engine.outbound.connecting import check_unresolved
from hookrules.engine.outbound.failures import BadUrl, RefusedAddress
from hookrules.engine.outbound.urls import Target
from hookrules.engine.templating import FormValue, HeaderValue, JsonTemplate, QueryValue, TextTemplate, UrlTemplate
from hookrules.engine.templating.template import finding
from hookrules.engine.units import PositiveDuration, Size

_METHOD_AND_URL = re.compile(r"\s*([A-Z]{3,10})\s+(\S.*)", re.DOTALL)
_HOST = re.compile(r"https?://[^/?#{}]+(?=[/?#]|$)", re.IGNORECASE)
_BODIES = ("json", "form", "multipart", "body")


class HttpAction(Action):
    """Sends one request, to addresses of the public Internet unless told otherwise."""

    kind: ClassVar[str] = "http"
    short: ClassVar[str | None] = "url"
    results: ClassVar[tuple[str, ...]] = ("status", "headers", "body", "json")
    failures: ClassVar[frozenset[FailureKind]] = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.STATUS})
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"method": "POST", "url": "https://chat.example.com/rooms/ops", "json": {"text": "deployed {{ payload.after }}"}},
                {"url": "https://api.internal.example/builds/{{ payload.after }}", "client": "intranet"},
            ],
            "allOf": [{"not": {"required": list(pair)}} for pair in combinations(_BODIES, 2)],
        }
    )

    url: UrlTemplate = Field(description="Where to; `POST https://…` says the method, too.")
    method: str | None = Field(None, pattern=r"^[A-Z]{3,10}$", description="POST where there is a body, else GET.")
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, description="Header fields.")
    query: dict[str, QueryValue] = Field(default_factory=dict, description="Added to the URL, encoded.")
    document: JsonTemplate | None = Field(None, alias="json", description="The body, as JSON.")
    form: dict[str, FormValue] | None = Field(None, description="The body, as a form.")
    multipart: dict[str, PartField] | None = Field(None, description="The body, as a form with files: a name → a text, or a part.")
    body: ContentField | None = Field(None, description="The body: text, `{base64: …}`, or `{payload: raw}`: the event's own.")
    auth: Auth | None = Field(None, description="Credentials: `basic`, `bearer` or `oauth`.")
    sign: TextTemplate | None = Field(None, description="A secret (`whsec_…`) to sign the request with, by Standard Webhooks.")
    client: str | None = Field(None, description="A name under `clients` in hookrules.yaml; `default` where left out and there.")
    timeout: PositiveDuration | None = Field(None, description="How long the request may take; the step's own timeout holds, too.")
    success_status: Statuses = Field(
        ((200, 299),),
        min_length=1,
        description="The statuses that count as success: 200, 200-299.",
        json_schema_extra={"default": ["200-299"]},
    )
    response_limit: Size = Field(2**20, description="How much of the answer's body is kept, unpacked.")
    follow_redirects: bool = Field(
        default=False, description="Go where the answer points, five times at most; header fields of the rule stay with its host."
    )
    allow_private: bool = Field(default=False, description="Also connect to private, loopback and link-local addresses.")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, fields: Any) -> Any:
        """`POST https://…` in `url` is the method, too."""
        found = _METHOD_AND_URL.fullmatch(fields["url"]) if isinstance(fields, dict) and isinstance(fields.get("url"), str) else None
        return fields if found is None else {"method": found[1], **fields, "url": found[2].strip()}

    @field_validator("url")
    @classmethod
    def _readable(cls, url: UrlTemplate) -> UrlTemplate:
        """As it will be read when it is sent."""
        if "{" not in url.source:
            try:
                Target.read(url.source)
            except BadUrl as bad:
                raise finding(TemplateError(str(bad))) from None
        return url

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = (self.document, self.form, self.multipart, self.body)
        given = [name for name, value in zip(_BODIES, bodies, strict=True) if value is not None]
        if len(given) > 1:
            raise ValueError(f"a request has one body, and {' and '.join(given)} are given")
        if self.multipart is not None and has_header(self.headers, "content-type"):
            raise ValueError("the client sets Content-Type for multipart itself, since it holds the boundary")
        return self

    def services_used(self) -> tuple[ServiceUse, ...]:
        return () if self.client is None else (ServiceUse(SECTION, self.client, "client"),)

    def out_of_reach(self, services: Services) -> tuple[Absence, ...]:
        reach = reach_of(services, self.client, allow_private=self.allow_private)
        token = self.auth.oauth.token_url if self.auth is not None and self.auth.oauth is not None else None
        urls = {"url": self.url, "auth": token}
        said = {field: url and _refused(url, reach) for field, url in urls.items()}
        return tuple(Absence(f"{words}; {REMEDY}", field) for field, words in said.items() if words)

    def render(self, names: Names) -> HttpCall:
        """Raises TemplateError."""
        body = self._body(names)
        headers = {name: value.render(names) for name, value in self.headers.items()}
        authorization = None if self.auth is None else self.auth.header(names)
        if authorization is not None:
            headers["Authorization"] = authorization
        return HttpCall(
            method=self.method or ("GET" if body is None else "POST"),
            url=_with_query(self.url.render(names), {name: value.render(names) for name, value in self.query.items()}),
            headers=headers,
            body=body,
            grant=self.auth.oauth.grant(names) if self.auth is not None and self.auth.oauth is not None else None,
            signing_secret=None if self.sign is None else self.sign.render(names),
            client=self.client,
            timeout=self.timeout,
            success_status=self.success_status,
            response_limit=self.response_limit,
            follow_redirects=self.follow_redirects,
            allow_private=self.allow_private,
        )

    def _body(self, names: Names) -> Body | None:
        if self.document is not None:
            return json_body(self.document, names)
        if self.form is not None:
            return form_body(self.form, names)
        if self.multipart is not None:
            return multipart_body(self.multipart, names)
        return None if self.body is None else text_body(self.body, names)


def _refused(url: UrlTemplate, reach: Reach) -> str | None:
    """Why its host may not be connected to, as far as the text alone tells both."""
    found = _HOST.match(url.source)
    return _refusal(found[0], reach) if found else None


@functools.lru_cache(maxsize=1024)
def _refusal(origin: str, reach: Reach) -> str | None:
    """Rules share many of their hosts."""
    try:
        check_unresolved(Target.read(origin).host, reach)
    except BadUrl:
        return None
    except RefusedAddress as refused:
        return str(refused)
    return None


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    address, mark, fragment = url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(query, quote_via=quote, errors='replace')}{mark}{fragment}"
