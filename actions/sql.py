"""Kind `sql`: statements on a database that hookrules.yaml names, all of them or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from hookrules.actions.action import Action, Names, Service, Services, ServiceUse, Surroundings
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.outbound.database_urls import MissingDriver, has_password, located, usable
from hookrules.engine.secret import Secret, SecretField
from hookrules.engine.templating import SqlScript, SqlText, ValueTemplate, bindable
from hookrules.engine.templating.sql_reader import VALUE
from hookrules.engine.templating.template import finding

SECTION = "databases"
_OPEN = "hookrules.yaml, and holds no password"


def _parameter(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"{name!r} is no name of a parameter: letters, digits and _")
    if name.startswith(VALUE):
        raise ValueError(f"{name} is a name that hookrules gives itself")
    return name


ParameterName = Annotated[str, AfterValidator(_parameter), Field(json_schema_extra={"pattern": f"^(?!{VALUE})[A-Za-z_][A-Za-z0-9_]*$"})]


def _url(written: Any, handler: ValidatorFunctionWrapHandler) -> Secret:
    """A URL without a password may stand in the file. Neither error shows more of one than its scheme."""
    is_open = isinstance(written, str) and "://" in written and not has_password(written)
    secret = Secret(_OPEN, written) if is_open else handler(written)
    try:
        if not secret.placeholder:
            usable(secret.reveal())
    except MissingDriver as problem:
        raise PydanticCustomError("driver", "{message}", {"message": str(problem)}) from None
    except ValueError as problem:
        raise PydanticCustomError("database_url", "{message}", {"message": str(problem)}) from None
    return secret


class Database(Service):
    """A database that `sql` may use."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("main", {"url": {"env": "DATABASE_URL"}})

    url: Annotated[SecretField, WrapValidator(_url)] = Field(
        description="`postgresql://user:password@host/name`, `mysql://…`, `sqlite:///file.db`, or another that SQLAlchemy knows."
    )
    pool_size: int = Field(5, ge=1, le=100, description="How many connections are kept and used at a time.")


class SqlAction(Action):
    """Runs SQL statements in one transaction; every value is a bound parameter."""

    kind: ClassVar[str] = "sql"
    short: ClassVar[str | None] = "statement"
    results: ClassVar[tuple[str, ...]] = ("rows", "row_count")
    failures: ClassVar[frozenset[FailureKind]] = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION})
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"database": "main", "statement": "insert into deploys (sha, ref) values ({{ payload.after }}, {{ payload.ref }})"}
            ]
        }
    )

    database: str | None = Field(None, description="A name under `databases` in hookrules.yaml; left out: the only one there, or `main`.")
    statement: SqlText = Field(description="SQL in which each {{ }} is a bound parameter; `;` separates statements.")
    parameters: dict[ParameterName, ValueTemplate] = Field(
        default_factory=dict, description="Values for the parameters that the statement names itself, as `:name`."
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        named, given = self.statement.parameters(), self.parameters.keys()
        for name in sorted(named - given):
            problem = f"the statement names a parameter :{name}, and 'parameters' does not have it"
            raise _placed(TemplateError(problem, suggestion="write a space behind a : that is none"), ("statement",), self.statement.source)
        for name in sorted(given - named):
            problem = f"the statement names no parameter :{name}"
            raise _placed(TemplateError(problem), ("parameters", name), self.parameters[name].source)
        return self

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.database, "database"),)

    def render(self, names: Names) -> "SqlCall":
        """Raises TemplateError."""
        script = self.statement.render(names)
        own = {name: bindable(value.render(names)) for name, value in self.parameters.items()}
        return SqlCall(self.services_used()[0], script, {**script.values, **own})


def _placed(error: TemplateError, place: tuple[str, ...], value: object) -> ValidationError:
    """The error at a field of the model that is being read."""
    return ValidationError.from_exception_data("sql", [InitErrorDetails(type=finding(error), loc=place, input=value)])


@dataclass(frozen=True, slots=True)
class SqlCall:
    """Statements, and the value of every parameter."""

    use: ServiceUse
    script: SqlScript
    parameters: Mapping[str, Json] = field(default_factory=dict)

    def describe(self) -> Mapping[str, Json]:
        database = {} if self.use.name is None else {"database": self.use.name}
        return {**database, "statement": self.script.text, "parameters": dict(self.parameters)}

    def target(self, services: Services) -> str:
        return f"database {self.use.name_in(services) or self.use.name or ''}".rstrip()

    def perform(self, surroundings: Surroundings) -> Outcome:
        from hookrules.engine.outbound.database import Transaction, perform
        from hookrules.engine.outbound.database_faults import DatabaseFault

        databases = surroundings.services.get(SECTION, {})
        name = self.use.found_in(databases)
        database = databases.get(name or "")
        if not isinstance(database, Database):
            return Outcome(succeeded=False, error=f"'{SECTION}' of hookrules.yaml does not have the database", retryable=False)
        url = located(usable(database.url.reveal()), surroundings.folder)
        transaction = Transaction(url, database.pool_size, self.script.statements, self.parameters)
        try:
            done = perform(transaction, timeout=surroundings.timeout, cancelled=surroundings.cancelled)
        except DatabaseFault as fault:
            return Outcome(succeeded=False, error=f"database {name}: {fault}", retryable=fault.retryable, failure=fault.failure)
        if done.cut:
            surroundings.log("warning", f"database {name}: {done.count:,} rows came, and the first {len(done.rows):,} are kept")
        return self.suppose({"rows": list(done.rows), "row_count": done.count})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        rows = result.get("rows", [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise TypeError("'rows' is a list of mappings, a column's name → its value")
        count = result.get("row_count", len(rows))
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise TypeError(f"'row_count' is a whole number, not {count!r}")
        return Outcome(succeeded=True, result={**result, "rows": rows, "row_count": count})
