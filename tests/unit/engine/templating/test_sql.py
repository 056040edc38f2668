"""Values in SQL: bound parameters in every branch and for every database, and where that can't be proven an error at load."""

import pytest
from support_corpus import HOSTILE, NO_UNICODE
from support_templating import failure, refusal

from hookrules.engine.errors import UnsafeValue
from hookrules.engine.templating import SqlScript, SqlText

X = "{{ payload.x }}"


def rendered(source: str, **payload: object) -> SqlScript:
    return SqlText(source).render({"payload": {"x": "v", "yes": True, "list": [1, 2], **payload}})


def test_each_value_is_a_parameter() -> None:
    script = rendered(f"insert into deploys (sha, ref) values ({X}, {{{{ payload.ref }}}})", ref="main")
    assert script.text == "insert into deploys (sha, ref) values (:hr_1, :hr_2)"
    assert script.statements == (script.text,)
    assert script.values == {"hr_1": "v", "hr_2": "main"}


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        ("12345e7", "12345e7"),
        (5, 5),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ([1, "ü"], '[1,"ü"]'),
        ({"a": {"b": None}}, '{"a":{"b":null}}'),
    ],
)
def test_a_value_keeps_its_type_and_a_structure_is_json(value: object, bound: object) -> None:
    assert rendered(f"select {X}", x=value).values == {"hr_1": bound}


@pytest.mark.parametrize("value", [*HOSTILE.values(), "a\0b"])
def test_no_value_is_ever_a_part_of_the_text(value: str) -> None:
    script = rendered(f"select a from t where b = {X} and c like {X}; select {X}", x=value)
    assert script.statements == ("select a from t where b = :hr_1 and c like :hr_2", "select :hr_3")
    assert set(script.values.values()) == {value}


@pytest.mark.parametrize("value", NO_UNICODE.values())
def test_half_of_a_surrogate_pair_is_refused(value: str) -> None:
    assert "surrogate" in failure(SqlText, f"select {X}", payload={"x": value}).message
    assert "surrogate" in failure(SqlText, f"select {X}", payload={"x": [value]}).message


INSIDE = {
    f"select '{X}'": "'…'",
    f"select 'a' || 'b {X} c'": "'…'",
    f"select 'it''s {X}'": "'…'",
    f"select '%{X}%'": "'…'",
    f'select "{X}"': '"…"',
    f"select `{X}`": "`…`",
    f"select [{X}]": "[…]",
    f"select array[{X}]": "[…]",
    f"select $${X}$$": "$$…$$",
    f"select $body$ $$ {X} $body$": "$body$…$body$",
    f"select E'\\' {X}'": "'…'",
    f"select N'{X}'": "'…'",
    f"select q'[it's {X}]'": "q'…'",
    f"-- {X}": "a comment",
    f"select 1 -- {X}\n": "a comment",
    f"select 1 # {X}\n": "a comment",
    f"/* {X} */ select 1": "a comment",
    f"/* /* */ {X} */ select 1": "a comment",
    f"select 1 /* ' */ /* {X} */": "a comment",
    f"--\r select {X}": "a comment",
}


@pytest.mark.parametrize(("source", "where"), INSIDE.items())
def test_a_value_inside_of_something_is_refused_with_its_place(source: str, where: str) -> None:
    told = refusal(SqlText, source)
    assert isinstance(told, UnsafeValue)
    assert f"inside {where}" in told.message
    assert told.suggestion
    assert source.splitlines()[told.line][told.column :].startswith("payload.x") or "\r" in source


@pytest.mark.parametrize(
    "source",
    [
        f"{{% if payload.yes %}}select '{{% else %}}select {{% endif %}}{X}",
        f"select {{% if payload.yes %}}1{{% else %}}'{X}'{{% endif %}}",
        f"select 1 {{% for x in payload.list %}}, '{X}'{{% endfor %}}",
        f"select -{{% if payload.yes %}}- {{% endif %}} {X}",
        f"select /{{% if payload.yes %}}* {{% endif %}} {X}",
        f"select {{% for x in payload.list %}}' {{% endfor %}} {X}",
    ],
)
def test_every_branch_is_followed(source: str) -> None:
    assert isinstance(refusal(SqlText, source), UnsafeValue)


DIFFERING = {
    f"select 'it\\'s', {X}": "MySQL",
    f"select '\\', {X}, '": "MySQL",
    f"select a #>> '{{a}}' from t where b = {X}": "MySQL",
    f"select 5--{X}": "SQLite",
    f"select a --1\n, {X} -- '\n, {X}": "",
    f"select E'\\\\', {X}": "",
    f"select '\\\\', {X}": "",
    f"select x[1], {X}": "",
    f"select $1, a$b$c, {X}, d$b$e": "",
}


@pytest.mark.parametrize(("source", "dialect"), DIFFERING.items())
def test_what_databases_read_differently_is_refused_where_a_value_would_be_hit(source: str, dialect: str) -> None:
    if not dialect:
        assert rendered(source).values
        return
    told = refusal(SqlText, source)
    assert "reads this text" in told.message
    assert told.suggestion


@pytest.mark.parametrize(
    "source",
    [
        f"select a{X}",
        f"select {X}a",
        f"select {X}{X}",
        f"select '{{{{ 'a' }}}}'{X}",
        f"select 'a'{X}",
        f"select {X}'a'",
        f"select :{X}",
        f"select \\{X}",
        f"select * from {X}",
        f"delete from {X} where a = 1",
        f"insert into {X} values (1)",
        f"update {X} set a = 1",
        f"select 1 from a join {X} on 1",
    ],
)
def test_a_value_that_could_only_be_a_name_or_a_part_of_something_is_refused(source: str) -> None:
    assert isinstance(refusal(SqlText, source), UnsafeValue)


@pytest.mark.parametrize(
    "source",
    [f"execute immediate {X}", f"prepare s from {X}", f"exec({X})", f"EXECUTE ( {X} )", f"exec sp_executesql {X}"],
)
def test_a_value_that_would_be_run_is_refused(source: str) -> None:
    assert "run as SQL" in refusal(SqlText, source).message
    assert rendered("execute plan(1, {{ payload.x }})").values


@pytest.mark.parametrize(
    ("source", "statement"),
    [
        ("select '10:30'", "select '10\\:30'"),
        (f"select {X}::int", "select :hr_1\\:\\:int"),
        ("select a::text, b[1:2]", "select a\\:\\:text, b[1\\:2]"),
        ("select @a := 1", "select @a \\:= 1"),
        ("select ':name', \":name\", -- :name\n1", "select '\\:name', \"\\:name\", -- \\:name\n1"),
        (f"select extract(epoch from {X}::timestamptz)", "select extract(epoch from :hr_1\\:\\:timestamptz)"),
        (f"select a from t where b is distinct from {X}", "select a from t where b is distinct from :hr_1"),
        (f"select '%' || {X} || '%'", "select '%' || :hr_1 || '%'"),
    ],
)
def test_the_author_s_own_colons_stay_colons(source: str, statement: str) -> None:
    assert rendered(source).statements == (statement,)
    assert not SqlText(source).parameters()


def test_a_name_behind_a_colon_is_a_parameter_of_the_author_s() -> None:
    assert SqlText("select :a, :b::int, '::c', d:e, :f\n").parameters() == {"a", "b", "f"}
    assert SqlText("{% if payload.yes %}select :a{% else %}select :b{% endif %}").parameters() == {"a", "b"}


@pytest.mark.parametrize(
    ("source", "statements"),
    [
        ("select 1; select 2;\n", ("select 1", "select 2")),
        ("select ';'; select \";\" -- ;\n", ("select ';'", 'select ";" -- ;')),
        (";;select 1;; -- the end\n; /* nothing */", ("select 1",)),
        (
            "{% for x in payload.list %}insert into t values ({{ x }});{% endfor %}",
            ("insert into t values (:hr_1)", "insert into t values (:hr_2)"),
        ),
    ],
)
def test_a_semicolon_ends_a_statement_where_it_is_one(source: str, statements: tuple[str, ...]) -> None:
    assert rendered(source).statements == statements


@pytest.mark.parametrize("source", ["select $$;$$", "select '\\';'", "select `;`", "select 1 # ;", "select $$ :name $$"])
def test_a_semicolon_or_a_name_that_only_some_databases_see_is_refused(source: str) -> None:
    assert "databases differ" in refusal(SqlText, source).message


@pytest.mark.parametrize("source", ["begin; select 1", "select 1; commit", "/* x */ ROLLBACK", "start  transaction", "savepoint a", "end"])
def test_a_transaction_of_one_s_own_is_refused(source: str) -> None:
    assert "one transaction" in refusal(SqlText, source).message


@pytest.mark.parametrize("source", ["", " \n", "-- nothing", ";"])
def test_no_statement_is_refused(source: str) -> None:
    assert "no SQL statement" in refusal(SqlText, source).message


@pytest.mark.parametrize("source", ["select 'a", 'select "a', "select `a' \""])
def test_a_quote_that_is_never_closed_is_refused(source: str) -> None:
    assert "never closed" in refusal(SqlText, source).message


def test_code_that_only_one_database_sees_is_refused() -> None:
    assert "/*! … */" in refusal(SqlText, "select 1 /*!40000 , 2 */").message


def test_raw_text_is_read_as_the_author_s() -> None:
    assert rendered(f"select {{{{ payload.raw | raw }}}}, {X}", raw="a, b").statements == ("select a, b, :hr_1",)
    with pytest.raises(UnsafeValue):
        rendered(f"select {{{{ payload.raw | raw }}}}, {X}", raw="a, 'b")


def test_a_header_of_dashes_or_comments_takes_no_time() -> None:
    assert rendered("-" * 5000 + "\n" + "/**/" * 5000 + f"select {X}").values
