"""The help: the pages of docs/ inside the product, escaped, linked, and near to what they are about."""

import re

import pytest
from django.urls import get_resolver, reverse
from django.utils.text import slugify

from overview import help as book
from webhooks.models import Cause


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """A folder of pages of our own, one of them under a name that the help shows."""
    monkeypatch.setattr(book, "DOCS", tmp_path)
    book._page.cache_clear()
    yield tmp_path
    book._page.cache_clear()


def nodes(branches):
    """Return all pieces of a page, in order."""
    return [piece for node in branches for piece in (node, *nodes(node.children))]


def text(page) -> str:
    return "".join(node.text for node in nodes(page.body))


@pytest.mark.parametrize("name", sorted(book.PAGES))
def test_every_page_is_shown_to_everybody_who_is_signed_in(name, viewer_client) -> None:
    answer = viewer_client.get(f"/help/{name}/")
    assert answer.status_code == 200
    assert f'<h1 class="page-title">{book.page(name).title}</h1>' in answer.content.decode()


def test_the_first_page_names_all_of_them(viewer_client) -> None:
    shown = viewer_client.get("/help/").content.decode()
    assert all(f'href="/help/{name}/"' in shown for name in book.PAGES)


def test_nobody_reads_it_without_signing_in(client) -> None:
    assert client.get("/help/").url.startswith("/sign-in/")
    assert client.get("/help/read-the-log/").url.startswith("/sign-in/")


@pytest.mark.parametrize("name", ["decisions", "no-such-page", "README"])
def test_a_page_that_the_help_does_not_show_is_not_found(name, viewer_client) -> None:
    assert viewer_client.get(f"/help/{name}/").status_code == 404


def test_html_in_a_page_is_text(docs, viewer_client) -> None:
    for name in book.PAGES:
        (docs / f"{name}.md").write_text(
            f"# {name}\n\n<script>alert(1)</script> & [x](javascript:alert(1))\n"
        )
    shown = viewer_client.get("/help/read-the-log/").content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in shown
    assert 'href="javascript:' not in shown


def test_a_changed_page_counts_at_once(docs) -> None:
    (docs / "access.md").write_text("# Before\n")
    assert book.page("access").title == "Before"
    (docs / "access.md").write_text("# After\n")
    assert book.page("access").title == "After"


def test_a_page_becomes_elements_with_the_words_in_between(docs) -> None:
    (docs / "access.md").write_text(
        "# T\n\n## Not a *POST*\n\n- one `a < b`\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    page = book.page("access")
    assert [node.tag for node in nodes(page.body) if node.tag] == [
        *("h2", "em", "ul", "li", "code", "li"),
        *("div", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"),
    ]
    assert page.body[0].anchor == "not-a-post"
    assert text(page) == "Not a POSTone a < btwoab12"


def test_pictures_are_left_out_with_the_line_they_stand_on(docs) -> None:
    (docs / "access.md").write_text("# T\n\n![A picture](screenshots/log.png)\n\nWords\n")
    assert [node.tag or node.text for node in nodes(book.page("access").body)] == ["p", "Words"]


def test_links_between_pages_stay_in_the_product_and_others_are_words(docs) -> None:
    (docs / "access.md").write_text(
        "# T\n\n[a](read-the-log.md#marks) [b](decisions.md) [c](https://x.example/) [d](#t)\n"
    )
    found = [node.href for node in nodes(book.page("access").body) if node.href]
    assert found == ["/help/read-the-log/#marks", "https://x.example/", "#t"]


def test_every_cause_of_a_refusal_has_its_heading() -> None:
    headings = [node.anchor for node in book.page("why-was-it-refused").body if node.tag == "h2"]
    assert sorted(headings) == sorted(slugify(cause.label) for cause in Cause)


def test_a_page_leads_to_the_help_about_it(viewer_client) -> None:
    assert 'href="/help/read-the-log/"' in viewer_client.get(reverse("webhooks:log")).content.decode()
    assert 'href="/help/people-and-roles/"' in viewer_client.get(reverse("people:account")).content.decode()


@pytest.mark.parametrize("about", sorted(book.ABOUT.values()))
def test_the_help_about_a_page_exists_with_its_heading(about) -> None:
    name, _, anchor = about.partition("#")
    headings = {node.anchor for node in nodes(book.page(name).body)}
    assert not anchor or anchor in headings


def test_help_is_tied_to_pages_that_exist() -> None:
    spaces = set(get_resolver().namespace_dict)
    known = {f"{space}:{name}" for space in spaces for name in names(space)}
    assert set(book.ABOUT) - spaces - known == {""}


def names(space: str) -> set[str]:
    resolver = get_resolver().namespace_dict[space][1]
    return {name for name in resolver.reverse_dict if isinstance(name, str)}


def test_the_palette_finds_help(viewer_client) -> None:
    shown = viewer_client.get("/search/?q=refused", headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'href="/help/why-was-it-refused/"', shown)
