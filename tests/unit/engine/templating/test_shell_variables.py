"""Values that go through a variable of the shell: refused where they would be code, as a value that stands there itself is."""

import pytest
from support_templating import refusal

from hookrules.engine.templating import ShellText

X = "{{ payload.x }}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"x={X}; $x", "would choose the program, by way of the variable x"),
        (f'x={X}; "$x" --version', "choose the program"),
        (f"x={X}; ${{x}} a", "choose the program"),
        (f"x={X}; ${{x:-ls}} a", "choose the program"),
        (f"x={X}; ${{y:-$x}} a", "choose the program"),
        (f"x={X}; ./deploy-$x.sh", "choose the program"),
        (f"x={X}; /opt/$x/bin/run", "choose the program"),
        (f"x={X}\n$x", "choose the program"),
        (f"x={X} && if $x; then :; fi", "choose the program"),
        (f"export x={X}; sudo -u deploy $x", "choose the program"),
        (f"x=./bin/{X}; exec $x", "choose the program"),
        (f"x={X}; y=$x; z=a$y; $z", "choose the program"),
        (f"x={X}; : ${{y:=$x}}; $y", "choose the program"),
        (f"x=$(basename {X}); $x", "choose the program"),
        (f"x={X}; y=$(basename $x); $y", "choose the program"),
        (f"x={X}; (cd /srv; $x)", "choose the program"),
        (f"(x={X}; $x)", "choose the program"),
        (f"x={X}; y=$($x)", "choose the program"),
        (f"x={X}; case a in a) $x;; esac", "choose the program"),
        (f"while ./more; do $x; x={X}; done", "choose the program"),
        (f"while ./more; do $y; y=$x; x={X}; done", "choose the program"),
        (f"for f in {X}; do $f; done", "would choose the program, by way of the variable f"),
        (f"for f in a {X}; do timeout 5 $f; done", "choose the program"),
        (f"x={X}; for f in $x; do $f; done", "choose the program"),
        (f"for f in $(ls {X}); do $f; done", "choose the program"),
        (f"set -- {X}; $1", "would choose the program, by way of the parameters $1, $2, …"),
        (f'set -- {X}; "$@"', "choose the program"),
        (f"set -- a {X}; shift; $*", "choose the program"),
        (f"set -- {X}; ${{1}} a", "choose the program"),
        (f"x={X}; set -- $x; $1", "choose the program"),
        (f"set -- {X}; for f; do $f; done", "choose the program"),
        (f"set -- {X}; for f do $f; done", "choose the program"),
        (f'set -- {X}; eval "$1"', "again as code by eval, by way of the parameters"),
        (f"read x <<< {X}; eval $x", "by way of the variable x"),
        (f'y={X}; read -r x <<< "$y"; $x', "choose the program"),
        (f"read <<< {X}; eval $REPLY", "by way of the variable REPLY"),
        (f"echo {X} | while IFS= read -r a b; do $b; done", "reach a program that a variable names"),
        (f'x={X}; echo "$x" | while read -r a; do $a; done', "a program that a variable names"),
        (f"while read -r a; do $a; done <<< {X}", "choose the program"),
        (f"while read -r a; do $a; done < {X}", "choose the program"),
        (f'x={X}; {{ read -r a; $a; }} <<< "$x"', "choose the program"),
        (f'x={X}; eval "$x"', "would be read again as code by eval, by way of the variable x"),
        (f'x={X}; eval "./a $x"', "again as code by eval"),
        (f'x={X}; sh -c "$x"', "again as code by sh -c"),
        (f'x={X}; bash "$x"', "code or a script of bash"),
        (f'x={X}; ssh host "./deploy $x"', "again as code by ssh"),
        (f'x={X}; trap "$x" EXIT', "again as code by trap"),
        (f'x={X}; docker exec web sh -c "$x"', "again as code by sh -c"),
        (f'x={X}; docker exec web "$x"', "choose the program"),
        (f'x={X}; flock /tmp/l -c "$x"', "again as code by flock -c"),
        (f'x={X}; find . -exec "$x" \\;', "choose the program"),
        (f'x={X}; git -c core.pager="$x" log', "git core.pager"),
        (f'x={X}; PATH="$x:$PATH" ./a', "would set PATH"),
        (f'x={X}; printf "$x"', "printf's format"),
        (f'x={X}; export "$x"', "a variable's name"),
        (f"x={X}; set $x", "an option of set"),
        (f"x={X}; echo ${{!x}}", "a variable's name"),
        (f"x={X}; echo ${{SHA:0:$x}}", "worked out as an expression"),
        (f"x={X}; echo ${{list[x]}}", "worked out as an expression"),
        (f'y=$(x={X}; echo "$x" | sh)', "reach sh"),
        (f'x={X}; (echo "$x" | sh)', "reach sh"),
        (f'x={X}; y=$(echo "$x" | tee log | xargs ./a)', "reach xargs"),
        (f'x={X}; case a in a) echo "$x" | sh;; esac', "reach sh"),
        (f'while ./more; do {{ echo "$x"; }} | sh; x={X}; done', "reach sh"),
        (f"x={X}\nsh <<EOF\ncd /srv\n./deploy $x\nEOF", "would reach sh, which runs what it is given, by way of the here-document of sh"),
        (f"x={X}\nssh host <<-EOF\n\t./deploy ${{x}}\n\tEOF", "reach ssh"),
        (f"x={X}; cat <<A | docker exec -i web bash\n$x\nA\n", "reach bash"),
        (f"x={X}; read -r y <<EOF\na $x\nEOF\neval $y", "again as code by eval"),
        (f"x={X}; while read -r y; do $y; done <<EOF\n$x\nEOF\n", "choose the program"),
        (f"x={X}; let n=x+1", "as code or arithmetic"),
        ("{% if payload.yes %}x={{ payload.x }}{% else %}x=./a{% endif %}; $x", "choose the program"),
        ("x=./a; {% for f in payload.list %}x={{ f }}; {% endfor %}$x", "choose the program"),
    ],
)
def test_a_variable_is_refused_where_its_value_would_be(source: str, words: str) -> None:
    error = refusal(ShellText, source)
    assert words in error.message
    assert "| raw" in str(error.suggestion)


@pytest.mark.parametrize(
    "source",
    [
        f'x={X}; echo "$x"',
        f'for f in {X}; do cp "$f" /x; done',
        f'REF={X}\nset -eu\ncd /srv/shop\ngit fetch --quiet origin\ngit checkout --force "$REF"\n./deploy.sh "$REF" > "log/$REF" 2>&1',
        f'TAG={X}; docker build -t "app:$TAG" . && docker push "app:$TAG" && docker exec -e TAG="$TAG" web ./migrate "$TAG"',
        f'REF={X}; if [ "$REF" = main ] || [ -n "$REF" ]; then ./deploy.sh "${{REF#refs/heads/}}"; else echo "no: $REF"; fi',
        f'REF={X}; case "$REF" in main) echo "$REF" | tee -a log; ./a ;; *) exit 0 ;; esac',
        f"SHA={X}; ./deploy.sh ${{SHA:0:8}} ${{SHA%.*}} ${{SHA:-none}}",
        f"REF={X}; $HOME/bin/deploy $REF",
        f'REF={X}; DIR=$(dirname "$0"); "$DIR/deploy.sh" "$REF"',
        f"REF={X}; for f in ./hooks/*; do ./run $f; done",
        f'REF={X}; for step in ./a ./b; do "$step"; done',
        f'set -- {X} b; ./deploy.sh "$@"; for each; do ./check "$each"; done',
        f'set -- {X}; ./deploy.sh "$1" "$#" "$?"; $0',
        f'read -r x <<< {X}; echo "$x"',
        f'echo {X} | while IFS= read -r line; do ./x "$line"; done',
        f'while read -r line; do ./x "$line"; done < list; ./y {X}',
        f'REF={X}; OUT=$(./build "$REF" | tail -n 1); ./publish "$OUT"',
        f'REF={X}; LOG=$(mktemp); (cd /srv; ./deploy.sh "$REF") > "$LOG"; mail -s "$REF" ops < "$LOG"',
        f"REF={X}; export REF; env STAGE=live ./deploy.sh; STAGE=$REF ./a",
        f"printf '%s\\n' {X}; REF={X}; printf '%s\\n' \"$REF\"",
        f'x={X}; find . -name "$x" -exec cp {{}} "/srv/$x" \\;',
        f'x={X}; (cd /srv; echo "$x"; ls | sort | xargs ls)',
        "x=./a; y={{ payload.x }}; $x",
        "x={{ payload.x | raw }}; $x",
        f"x={X}\nssh host <<'EOF'\n./deploy $x\nEOF\ncat > conf <<EOF\nref=$x\nEOF\nsh <<EOF\n./a $STAGE \\$x\nEOF",
        f'x={X}; read -r y <<EOF\n$x\nEOF\n./a "$y"',
        f'x={X}; ssh "$HOST" ./deploy.sh; docker compose exec -T web make "STAGE=$STAGE"; ./done "$x"',
        " ".join("{% if payload.yes %}A" + str(n) + "={{ payload.x }}{% endif %}" for n in range(12)) + ' ./deploy.sh "$A1" "$A11"',
    ],
)
def test_a_variable_may_be_all_that_its_value_may_be(source: str) -> None:
    ShellText(source)


def test_the_refusal_stands_where_the_value_does() -> None:
    error = refusal(ShellText, "set -e\nx={{ payload.ok | upper }}\nfor y in a $x; do\n  $y\ndone")
    assert (error.line, error.column) == (1, 5)
