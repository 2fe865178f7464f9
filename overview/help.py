"""The product's help: the pages of docs/, read by markdown-it into a small tree that a template draws.

No HTML of a page gets through: what is not one of TAGS is text, and the template escapes text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

DOCS = settings.BASE_DIR / "docs"
# What the help shows, in this order; the rest of docs/ is for those who change the code.
GROUPS: Sequence[tuple[str | Promise, Sequence[str]]] = (
    (
        _("Using it"),
        (
            "first-steps",
            "connect-openai",
            "actions-and-runs",
            "read-the-log",
            "why-was-it-refused",
            "run-from-scripts",
        ),
    ),
    (_("Looking after it"), ("people-and-roles", "access", "keys-and-backups", "deploying")),
    (_("Adding to it"), ("adding-a-service", "definition-format")),
)
PAGES = frozenset(name for group, names in GROUPS for name in names)
# Which page helps with which: by the page's own name, or by its room. "" is for what has no room.
ABOUT = {
    "connections": "connect-openai",
    "operations": "actions-and-runs",
    "operations:limits": "actions-and-runs#spending-and-limits",
    "operations:spending": "actions-and-runs#spending-and-limits",
    "webhooks": "read-the-log",
    "webhooks:rejection": "why-was-it-refused",
    "webhooks:endpoint": "read-the-log#the-endpoints-own-page",
    "tokens": "run-from-scripts#the-rest-api",
    "audit": "people-and-roles#the-audit-trail",
    "people": "people-and-roles",
    "overview": "first-steps",
    "overview:home": "first-steps#the-overview",
    "overview:search": "first-steps#moving-about",
    "overview:system": "first-steps#the-system-page",
    "": "people-and-roles",
}
TAGS = frozenset(
    [
        "p",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "pre",
        "code",
        "a",
        "strong",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
    ]
)
READER = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a page: an element with children, or (without a tag) text."""

    tag: str = ""
    text: str = ""
    href: str = ""
    anchor: str = ""
    css: str = ""
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the help."""

    name: str
    title: str
    body: tuple[Node, ...]

    @property
    def url(self) -> str:
        """Its address."""
        return reverse("overview:help_page", args=[self.name])


class NoSuchPage(LookupError):
    """The help has no page of this name."""


def page(name: str) -> Page:
    """Return a page of the help, as its file is now. Raises NoSuchPage."""
    file = DOCS / f"{name}.md"
    if name not in PAGES or not file.is_file():
        raise NoSuchPage(name)
    return _page(name, file.stat().st_mtime_ns)


def groups() -> list[tuple[str | Promise, list[Page]]]:
    """Return all pages under their headings."""
    return [(label, [page(name) for name in names]) for label, names in GROUPS]


def address(view_name: str) -> str:
    """Return where the help about a page begins: `webhooks:log` -> /help/read-the-log/."""
    about = ABOUT.get(view_name) or ABOUT.get(view_name.rpartition(":")[0], "")
    name, mark, anchor = about.partition("#")
    start = reverse("overview:help_page", args=[name]) if name else reverse("overview:help")
    return f"{start}{mark}{anchor}"


@lru_cache(maxsize=64)
def _page(name: str, version: int) -> Page:
    """Read a page; a changed file has another version."""
    tree = SyntaxTreeNode(READER.parse((DOCS / f"{name}.md").read_text(encoding="utf-8")))
    heading, *rest = tree.children
    return Page(name, _words(heading), tuple(node for branch in rest for node in _nodes(branch)))


def _nodes(branch: SyntaxTreeNode) -> Iterator[Node]:
    """Yield what a branch of the parser's tree becomes; pictures are left out, the product is at hand."""
    if branch.type == "image":
        return
    if branch.type in ("text", "softbreak"):
        yield Node(text=branch.content or "\n")
    elif branch.type in ("fence", "code_block"):
        yield Node("pre", css="wrap", children=(Node("code", children=(Node(text=branch.content),)),))
    elif branch.type == "code_inline":
        yield Node("code", children=(Node(text=branch.content),))
    elif branch.tag in TAGS and not _is_hidden(branch):
        yield from _element(branch)
    else:
        yield from _children(branch)


def _element(branch: SyntaxTreeNode) -> Iterator[Node]:
    href = _link(str(branch.attrs.get("href", ""))) if branch.tag == "a" else ""
    anchor = slugify(_words(branch)) if branch.type == "heading" else ""
    tag = "span" if branch.tag == "a" and not href else branch.tag
    css = "table" if tag == "table" else ""
    node = Node(tag, "", href, anchor, css, tuple(_children(branch)))
    if tag != "p" or node.children:  # a paragraph that was only a picture is none
        yield Node("div", css="table-responsive", children=(node,)) if css else node


def _is_hidden(branch: SyntaxTreeNode) -> bool:
    """Say whether it is a paragraph of a tight list, which has no element of its own."""
    return branch.nester_tokens is not None and branch.nester_tokens.opening.hidden


def _children(branch: SyntaxTreeNode) -> Iterator[Node]:
    return (node for child in branch.children for node in _nodes(child))


def _words(branch: SyntaxTreeNode) -> str:
    return "".join(leaf.content for leaf in branch.walk() if leaf.type in ("text", "code_inline"))


def _link(target: str) -> str:
    """Return where a link of a page leads inside the product; "" for a file that the help does not show."""
    if target.startswith(("https://", "#")):
        return target
    path, mark, anchor = target.partition("#")
    name = PurePosixPath(path).stem
    known = path == f"{name}.md" and name in PAGES
    return f"{reverse('overview:help_page', args=[name])}{mark}{anchor}" if known else ""
