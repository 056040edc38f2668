import pytest
from support_templating import failure

from hookrules.engine.templating import FolderPath


@pytest.mark.parametrize(
    ("source", "x", "path"),
    [
        ("/srv/{{ item }}/site", "shop", "/srv/shop/site"),
        ("../{{ item }}", "shop", "../shop"),
        ("~/{{ item }}", "shop", "~/shop"),
        ("site-{{ item }}", "..", "site-.."),
        ("{{ item }}", "~root", "./~root"),
        ("{{ item | raw }}", "~root/a/../b", "~root/a/../b"),
        ("a/{{ item | raw }}", "../b", "a/../b"),
        ("/srv/{{ item }}", "-rf", "/srv/-rf"),
        ("{% if item %}/srv/{{ item }}{% else %}/srv{% endif %}", "", "/srv"),
    ],
)
def test_a_value_is_a_segment_or_part_of_one(source: str, x: str, path: str) -> None:
    assert FolderPath(source).render({"item": x}) == path


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("/srv/{{ item }}", {"item": ".."}),
        ("/srv/{{ item }}", {"item": "a/b"}),
        ("/srv/{{ item }}/site", {"item": ""}),
        ("{{ item }}", {"item": "."}),
        ("/srv/{{ item }}{{ item }}/site", {"item": "."}),
        ("/srv/.{{ item }}", {"item": "."}),
        ("/srv/{{ item }}.", {"item": "."}),
    ],
)
def test_a_value_never_leads_elsewhere(source: str, names: dict[str, str]) -> None:
    error = failure(FolderPath, source, **names)
    assert "within one segment" in error.message
    assert error.suggestion == "print | replace('/', '-')"


def test_a_whole_path_is_told_how_it_is_let_through() -> None:
    error = failure(FolderPath, "{{ item }}", item="/srv/checkouts/shop")
    assert error.suggestion == "print | raw where no sender has a part in it, like the directory of a git step"
