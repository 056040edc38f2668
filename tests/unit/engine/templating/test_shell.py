"""Values in shell text: never source, in any branch, and where that can't be proven an error at load."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support_templating import HOSTILE, recorded, recorder, refusal

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import ShellText

X = "{{ payload.x }}"
SHELLS = [shell for shell in ("/bin/sh", shutil.which("bash")) if shell]


def run(shell: str, source: str, value: object, folder: Path) -> None:
    command = ShellText(source).render({"payload": {"x": value, "yes": True, "no": False, "list": [value, value]}})
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", **command.environment}
    arguments = [shell, *(["--posix"] if shell.endswith("bash") else []), "-c", command.text]
    subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, timeout=10, check=False)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_hostile_value_arrives_byte_for_byte(shell: str, tmp_path: Path) -> None:
    recorder(tmp_path)
    for value in HOSTILE:
        run(shell, f"record {X} a{X}b; record $(printf %s,%s {X} {X} | wc -c)", value, tmp_path)
    calls = recorded(tmp_path)
    assert [call for call in calls if len(call) == 2] == [[value.encode(), f"a{value}b".encode()] for value in HOSTILE]
    assert [int(call[0]) for call in calls if len(call) == 1] == [2 * len(value.encode()) + 1 for value in HOSTILE]


@pytest.mark.parametrize(
    "source",
    [
        f"./deploy.sh {X}",
        f"./deploy.sh --ref={X} -m x{X}y",
        f"cd /srv && git pull --quiet && ./deploy.sh {X} || exit 1",
        f"if [ {X} = main ]; then ./deploy.sh {X}; else echo no; fi",
        f"case {X} in main|master) ./a {X} ;; (*) ./b ;; esac; ./c {X}",
        f"case x in {X}) ./a;; esac",
        f"for f in a {X}; do ./check $f; done",
        f"while read -r line; do ./x {X}; done < list",
        f"REF={X} STAGE=live ./deploy.sh",
        f"export REF={X}; ./deploy.sh",
        f"sudo -u deploy env A=1 nice -n 5 ./deploy.sh {X}",
        f"timeout -k 5 60 ./deploy.sh {X}",
        f"bash -eu ./deploy.sh {X}",
        f"python3 -m tool {X}",
        f"python3 deploy.py {X}",
        f"$HOME/bin/deploy {X} > deploy.log 2>&1",
        f"echo 'deploying' \"$USER\" {X} | tee -a log",
        f"printf '%s\\n' {X} | ./read-it",
        f'./deploy.sh "$(git rev-parse {X})"',
        f"(cd /srv; ./deploy.sh {X}) &",
        f"{{ ./a {X}; ./b; }}",
        f"./a \\\n  {X} # done",
        f"cat <<EOF\nplain $HOME\nEOF\n./a {X}",
        f"cat <<-'EOF' > f\n\t$(not run\n\tEOF\n./a {X}",
        f"set -eu -- ; set -- {X}; ./a",
        "{% for f in payload.list %}./a {{ f }}; {% endfor %}",
        "./a{% for f in payload.list %} -f {{ f }}{% endfor %}",
        "{% if payload.yes %}./a{% else %}./b{% endif %} {{ payload.x }}",
        "echo '{{ payload.x | raw }}'",
        "{% raw %}docker ps --format '{{.Names}}'{% endraw %} --filter {{ payload.x }}",
    ],
)
def test_ordinary_commands_are_taken(source: str) -> None:
    ShellText(source)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (f"echo '{X}'", "inside '…'"),
        (f'echo "{X}"', 'inside "…"'),
        (f'echo "a $(date) {X}"', 'inside "…"'),
        (f"cat <<EOF\n{X}\nEOF", "here-document"),
        (f"cat <<'EOF'\n{X}\nEOF", "here-document"),
        (f"cat <<-EOF <<B\n\tEOF\n{X}\nB", "here-document"),
        (f"cat <<{X}\n", "here-document"),
        (f"./a # {X}", "comment"),
        (f"echo $(({X} + 1))", "$((…))"),
        (f"echo $(( (1) + {X} ))", "$((…))"),
        (f"echo \\{X}", "after \\"),
        (f"echo ${X}", "after $"),
        (f"echo ${{A:-{X}}}", "${…}"),
        (f"echo `echo {X}`", "`"),
        (f"((n = {X}))", "(("),
        (f"[[ {X} -eq 1 ]]", "[["),
        (f"echo $'a\\'{X}'", "$'"),
        (f"echo $[{X}]", "$["),
        (f"diff <(echo {X}) b", "<("),
        (f"f() {{ ./a; }}; f {X}", "("),
        (X, "program"),
        (f"./bin/{X}", "program"),
        (f"A=1 {X}", "program"),
        (f"true && {X}", "program"),
        (f"if {X}; then :; fi", "program"),
        (f"! {X}", "program"),
        (f"time {X}", "program"),
        (f"case a in a) {X};; esac", "program"),
        (f"$(echo {X}) a", "program"),
        (f"sudo -u root {X}", "program"),
        (f"sudo -u {X} ./a", "sudo"),
        (f"env {X} ./a", "program"),
        (f"$CMD {X}", "variable names"),
        (f"eval {X}", "eval"),
        (f"eval ./a {X}", "eval"),
        (f"sh -c {X}", "sh -c"),
        (f"sh -ec ./a {X}", "sh -ec"),
        (f"bash -o pipefail -c {X}", "bash -c"),
        (f"/usr/bin/bash --login -c {X}", "bash -c"),
        (f"'s'\\h -c {X}", "sh -c"),
        (f"sudo -u deploy -- sh -c {X}", "sh -c"),
        (f"env A=1 nohup nice -n 5 timeout 5 sh -c {X}", "sh -c"),
        (f"docker exec web sh -c {X}", "sh -c"),
        (f"bash {X}", "script of bash"),
        (f"bash -x {X}", "script of bash"),
        (f"ssh host ./a {X}", "ssh"),
        (f"xargs ./a {X}", "xargs"),
        (f". {X}", "."),
        (f"source ./a {X}", "source"),
        (f"trap {X} EXIT", "trap"),
        (f"python3 -c {X}", "python"),
        (f"python3.11 -c 'import a' {X}", "python"),
        (f"perl -e {X}", "perl"),
        (f"awk {X} file", "awk"),
        (f"sed s/a/{X}/ file", "sed"),
        (f"make REF={X}", "make"),
        (f"psql -c {X}", "psql"),
        (f"su deploy -c {X}", "su"),
        (f"exec -a x sh -c {X}", "sh -c"),
        (f"PATH={X} ./a", "PATH"),
        (f"env LD_PRELOAD={X} ./a", "LD_PRELOAD"),
        (f"export {X}", "name"),
        (f"for {X} in a; do :; done", "name"),
        (f"read {X}", "read"),
        (f"printf {X}", "format"),
        (f"[ -v {X} ]", "-v"),
        (f"[ {X} {X} ]", "operator"),
        (f"set {X}", "set"),
        (f"echo a >&{X}", "descriptor"),
        (f"echo {X} | sh", "reach sh"),
        (f"echo {X} | sudo bash -s", "reach bash"),
        (f"{{ echo {X}; }} |\n tee f | sh", "reach sh"),
        (f"(echo {X}) | sh", "reach sh"),
        (f"echo {X} | xargs rm", "reach xargs"),
        (f"sh <<< {X}", "reach sh"),
        (f"A={X}; eval $A", "variable"),
        (f'A={X}; sh -c "$A"', "variable"),
        (f"N={X}; echo $((N + 1))", "variable"),
        (f"echo $((N + 1)); for N in {X}; do :; done", "variable"),
        (f'echo {X} | while read a; do eval "$a"; done', "variable"),
        (f"./a {X} &> log", "&>"),
        ("{% if payload.yes %}sh -c{% else %}./a{% endif %} {{ payload.x }}", "sh -c"),
        ("echo {% if payload.yes %}'{% endif %}{{ payload.x }}{% if payload.yes %}'{% endif %}", "inside '…'"),
        ("echo {% for f in payload.list %}{{ f }} '{% endfor %}", "inside '…'"),
        ("{% for f in payload.list %}{% if loop.last %}s{% endif %}h{% endfor %} -c {{ payload.x }}", ""),
        ("ev{# a comment between #}al {{ payload.x }}", "eval"),
        ("{{ payload.x }} {% set y = 1 %}", "program"),
        (f"sh -c {X}\\", "sh -c"),
    ],
)
def test_a_value_that_would_be_code_is_refused_at_load(source: str, word: str) -> None:
    assert word in refusal(ShellText, source).message


def test_the_refusal_stands_where_the_value_does() -> None:
    error = refusal(ShellText, "set -e\n./a {{ payload.ok }} && sh -c {{ payload.ref | upper }}")
    assert (error.line, error.column) == (1, 33)


def test_each_printed_value_gets_its_own_variable() -> None:
    command = ShellText("./a{% for x in payload.list %} {{ x }}{% endfor %} {{ payload.flag }}").render(
        {"payload": {"list": ["b", 2], "flag": True}}
    )
    assert command.text == './a "${HR_1}" "${HR_2}" "${HR_3}"'
    assert command.environment == {"HR_1": "b", "HR_2": "2", "HR_3": "true"}


@pytest.mark.parametrize("value", ["a\0b", "x" * 130_000, "ä" * 70_000])
def test_what_no_variable_can_hold_is_an_error_that_names_stdin(value: str) -> None:
    with pytest.raises(TemplateError) as told:
        ShellText(f"./a {X}").render({"payload": {"x": value}})
    assert "stdin" in str(told.value.suggestion)


def test_half_a_surrogate_pair_is_an_error() -> None:
    with pytest.raises(TemplateError, match="Unicode"):
        ShellText(f"./a {X}").render({"payload": {"x": "\ud800"}})


CANARIES = [
    "$(record CANARY)",
    "`record CANARY`",
    "; record CANARY;",
    "\nrecord CANARY\n",
    "'; record CANARY; '",
    '"; record CANARY; "',
    "x\nEOF\nrecord CANARY\n",
    "a[$(record CANARY)]",
    "record CANARY",
    "') ; record CANARY #",
    "}; record CANARY; {",
    "| record CANARY",
    "-c",
    "-v",
]
# fmt: off
FRAGMENTS = st.sampled_from([
    "record", "record a", "sh -c", "eval", "echo", "bash", "[", "]", "[[", "]]", "test", "set --", "export", "A=", "B=b",
    "$A", '"$A"', "'", '"', "\\", "`", "$(", ")", "(", "((", "))", "$((", "${", "}", "{", ";", ";;", "&", "&&", "|", "||",
    ">", "<", "<<EOF\n", "\nEOF\n", "<<-EOF", "\n", "#", "if", "then", "fi", "for a in", "do", "done", "case", "in", "a)",
    "esac", "*", "-c", "-v", "=", "env", "xargs", ".", "$", "~", "!", "read a", "printf", "printf %s", "$a", "x", "/", "-",
    "a", "A=$B", "$1", '"$@"', "shift;", "read A <<<", "for A in", "do $A", "${A}", "${A:-$B}", "nice", "find . -exec", "flock x", "let",
])
# fmt: on
PRINTED = st.sampled_from(
    [X, f" {X} ", f" {X};", "{% if payload.yes %}", "{% else %}", "{% endif %}", "{% for x in payload.list %}", "{% endfor %}"]
)
SOURCES = st.lists(FRAGMENTS | FRAGMENTS | PRINTED | st.just(" "), min_size=2, max_size=12).map("".join)


def _accepted(source: str) -> bool:
    try:
        ShellText(source)
    except TemplateError:
        return False
    return X in source


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(SOURCES.filter(_accepted), st.sampled_from(CANARIES))
def test_no_accepted_template_runs_a_value(source: str, value: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorder(folder)
        for shell in SHELLS:
            run(shell, source, value, folder)
        assert [b"CANARY"] not in recorded(folder), source


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\1"), max_size=40))
def test_any_text_arrives_as_one_argument(value: str) -> None:
    assume(len(value.encode()) < 1000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorder(folder)
        run("/bin/sh", f"record {X} x={X}", value, folder)
        assert recorded(folder) == [[value.encode(), b"x=" + value.encode()]]
