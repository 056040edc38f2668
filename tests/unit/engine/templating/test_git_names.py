"""Names for git and forges: no value is an option, or anything else than a name."""

from typing import Any

import pytest
from support_corpus import each_hostile
from support_templating import failure, refusal

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import CommitSha, GitRef, RepositoryName

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("ref", ["main", "release/1.2", "refs/pull/1/head", "v1.0", SHA, "feat/ä", "a-b", "x@y", "@x", "a" * 255])
def test_a_reference_is_rendered_as_it_is(ref: str) -> None:
    assert GitRef("{{ payload }}").render({"payload": ref}) == ref
    assert GitRef(ref).render({}) == ref


NO_REFS = r"""-x --upload-pack=touch a..b a~1 a^ a:b a? a* a[b a\b /a a/ a//b .a a/.b a.lock a.lock/b a. a@{1} @"""


@pytest.mark.parametrize("ref", [*NO_REFS.split(), "", "a b", "a\nb", "main\n", "a\0", "\x7f", "a" * 256, "\ud800"])
def test_what_git_does_not_take_as_a_reference_is_refused(ref: str) -> None:
    failure(GitRef, "{{ payload }}", payload=ref)
    refusal(GitRef, ref)


@each_hostile
def test_a_hostile_value_is_no_option_of_git(value: str) -> None:
    for place in (GitRef, RepositoryName, CommitSha):
        try:
            told = place("{{ payload }}").render({"payload": value})
        except TemplateError:
            continue
        assert told == value
        assert not told.startswith("-")
        assert not set(told) & set(" \n\r\t:^~?*[\\")


@pytest.mark.parametrize("sha", [SHA, SHA.upper(), "a" * 64])
def test_a_commit_is_its_whole_sha(sha: str) -> None:
    assert CommitSha("{{ payload }}").render({"payload": sha}) == sha.lower()


@pytest.mark.parametrize("sha", ["", "main", SHA[:7], SHA + "0", SHA + "\n", "-" + SHA[1:], 12345])
def test_what_is_no_whole_sha_is_refused(sha: Any) -> None:
    failure(CommitSha, "{{ payload }}", payload=sha)


@pytest.mark.parametrize("name", ["acme/shop", "a/b/c", "acme/.github", "~me/x", "a/b.git"])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    assert RepositoryName("{{ payload }}").render({"payload": name}) == name


@pytest.mark.parametrize(
    "name", ["", "acme", "a/..", "../b", "a//b", "a/b/", "/a/b", "a/-b", "-a/b", "a/./b", "a/b?x", "a b/c", "a/b\n", "a/b#c", "a/%2e"]
)
def test_what_could_be_another_place_of_a_forge_is_refused(name: str) -> None:
    failure(RepositoryName, "{{ payload }}", payload=name)
