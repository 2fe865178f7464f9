"""The look: icons, states, times, durations and JSON trees, for the templates of every room."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from operator import add
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

from audit import ids, retelling
from overview import navigation, tree
from people.access import person_of

register = template.Library()

# Tabler's colour for each state and mark; the others are grey.
COLOURS: Mapping[str, str] = {
    "green": "succeeded processed ready enabled healthy ok",
    "azure": "queued running sending received",
    "teal": "hydrated late_verified recovered",
    "yellow": "waiting paused held duplicate",
    "orange": "unknown needs_secret warning retired late conflict mismatch not_json raw_only duplicate_keys"
    " unknown_type out_of_order",
    "red": "failed rejected refused locked",
    "purple": "test practice",
}
TONES = {state: colour for colour, states in COLOURS.items() for state in states.split()}
MOVING = frozenset({"running", "sending", "waiting"})  # something is under way
CONTROLS = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}
Age = date | tuple[int, str, bool]
STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (30 * 86_400, 86_400, gettext_noop("d")))


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """Draw an icon of `static/icons.svg`; with a label it has a spoken name."""
    return _icon(name, str(label), size)


@lru_cache(512)
def _icon(name: str, label: str, size: str) -> SafeString:
    shape = format_html('<use href="{}#{}"></use>', static("icons.svg"), name)
    css = f"icon icon-{size}" if size else "icon"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}">{}</svg>', css, label, shape)
    return format_html('<svg class="{}" aria-hidden="true">{}</svg>', css, shape)


@register.simple_tag(takes_context=True)
def sidebar(context: Context) -> list[tuple[navigation.Item, bool]]:
    """Return the sidebar's lines, each with whether it is the current one."""
    request = context["request"]
    return [(item, item.is_current(request.path)) for item in navigation.items(person_of(request))]


@register.simple_tag
def status(state: str, label: str = "") -> SafeString:
    """Draw a state as a pill; `label` overrides its words. A tag, for a list draws it fifty times (an include
    costs 70 µs)."""
    return _pill(str(state), str(label), get_language())


@lru_cache(512)
def _pill(state: str, label: str, _language: str | None) -> SafeString:
    dot = "status-dot status-dot-animated" if moves(state) else "status-dot"
    shape = '<span class="status status-{}"><span class="{}"></span>{}</span>'
    return format_html(shape, tone(state), dot, label or words(state))


@register.simple_tag
def badges(marks: Iterable[tuple[str, Any]]) -> str:
    """Draw marks, each a name and its words; the log has them in each of fifty rows."""
    drawn = [_badge(name, str(label)) for name, label in marks]
    return reduce(add, drawn) if drawn else ""


@lru_cache(512)
def _badge(name: str, label: str) -> SafeString:
    return format_html('<span class="badge bg-{}-lt me-1">{}</span>', tone(name), label)


@register.simple_tag(name="time")
def draw_time(at: datetime | None, none: str = "") -> SafeString:
    """Draw a moment: relative, exact on hover, kept fresh by app.js; `none` stands for no moment at all."""
    if at is None:
        return format_html('<span class="text-secondary">{}</span>', none or gettext("never"))
    return _moment(at, ago(at))


@lru_cache(1024)
def _moment(at: datetime, said: str) -> SafeString:
    """Of a list's fifty only the youngest say something else a minute later; to draw one takes 15 µs."""
    shape = '<time datetime="{}" title="{} UTC" class="text-nowrap" data-ago>{}</time>'
    exact = at.astimezone(UTC).isoformat()
    return format_html(shape, exact, exact[:19].replace("T", " "), said)


@register.simple_tag
def options(choices: Iterable[tuple[Any, Any]], chosen: Any = "") -> SafeString:
    """Draw the options of a select; one tag, for the log's filters have fifty of them."""
    shape = '<option value="{}"{}>{}</option>'
    texts = ((str(value), label) for value, label in choices)
    return format_html_join(
        "", shape, ((value, " selected" if value == chosen else "", label) for value, label in texts)
    )


@register.filter
def tone(state: str) -> str:
    """Return Tabler's colour for a state or mark."""
    return TONES.get(str(state), "secondary")


@register.filter
def moves(state: str) -> bool:
    """Say whether something is under way in this state."""
    return str(state) in MOVING


@register.filter
def words(name: str) -> str:
    """Return a name of code as words: `bad_signature` is “Bad signature”."""
    text = str(name).replace("_", " ").replace("-", " ")
    return gettext(text[:1].upper() + text[1:]) if text else ""


@register.filter
def lowered(text: str) -> str:
    """Return a word in small letters for the middle of a sentence, where the language has none for nouns."""
    return str(text) if get_language() == "de" else str(text).lower()


@register.filter
def told(sentence: str) -> str:
    """Return a sentence that was stored in English in the language of the page; see `audit.retelling`."""
    return retelling.told(str(sentence or ""))


@register.filter
def dotted(action: str) -> str:
    """Return an action's name as words: `person.signed_in` is “Person signed in”."""
    return words(str(action).replace(".", " "))


@register.filter
def ago(at: datetime | None) -> str:
    """Return how long ago (or in how long) a moment is, in one unit; a date after thirty days."""
    if at is None:
        return ""
    return _said(age(at, timezone.now()), get_language())


def age(at: datetime, now: datetime) -> Age:
    """Return what `ago` says of a moment, without the words: how many, of what, whether past; or a day."""
    seconds = (now - at).total_seconds()
    for limit, unit, name in STEPS:
        if abs(seconds) < limit:
            return int(abs(seconds) // unit), name, seconds > 0
    return at.date()


@lru_cache(1024)
def _said(old: Age, _language: str | None) -> str:
    """A list has fifty of these, and to ask the catalogue for three words takes longer than all the rest."""
    if isinstance(old, date):
        return date_format(old, "d M Y")
    count, unit, past = old
    if count < 5 and unit == "s":
        return gettext("now")
    shape = gettext("%(amount)s ago") if past else gettext("in %(amount)s")
    return shape % {"amount": f"{count} {gettext(unit)}"}


def _digits(number: float | Decimal, places: int) -> str:
    """Round, which Django's own function does not, then write it as the language does."""
    return number_format(f"{number:.{places}f}", places, force_grouping=True)


@register.filter
def duration(value: float | timedelta | None) -> str:
    """Return milliseconds (or a timedelta) as people say them: 84 ms, 1.2 s, 2 min 5 s; "" for none."""
    if value is None or value == "":
        return ""
    milliseconds = value.total_seconds() * 1000 if isinstance(value, timedelta) else float(value)
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{_digits(milliseconds / 1000, 1)} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def percent(share: float | None) -> str:
    """Return a share in percent with one digit, "" for none."""
    if share is None:
        return ""
    return f"< {_digits(0.1, 1)} %" if 0 < share < 0.05 else f"{_digits(share, 1)} %"


@register.filter
def slowest(value: timedelta | None) -> str:
    """Return the 95th percentile as words, "" for none."""
    if value is None:
        return ""
    return gettext("95 %% under %(duration)s") % {"duration": duration(value).replace(" ", "\u00a0")}


@register.filter
def money(amount: Decimal | float | None) -> str:
    """Return an amount in dollars: to the cent, small ones to four digits, "" for none."""
    if not amount:
        return ""
    return f"$ {_digits(amount, 2 if amount >= 1 else 4)}"


@register.filter
def bound_control(field: BoundField) -> SafeString:
    """Draw a form field's control with Tabler's class for its kind, and mark it when it is wrong."""
    css = CONTROLS.get(_kind(field), "form-control")
    own = field.field.widget.attrs.get("class", "")
    classes = (css, own, "is-invalid" if field.errors else "")
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.filter
def is_check(field: BoundField) -> bool:
    """Say whether a form field is one box to tick, whose label stands behind it."""
    return _kind(field) == "checkbox" and not isinstance(field.field.widget, forms.CheckboxSelectMultiple)


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, forms.Select):
        return "select"
    return getattr(widget, "input_type", None) or ""


@register.simple_tag
def json_tree(document: Any) -> SafeString:
    """Draw a parsed JSON document as a tree that folds; see `overview.tree`."""
    return tree.draw(document)


@register.simple_tag
def now_id() -> int:
    """Return this moment as an id: from here on a page wants to hear what is told."""
    return ids.id_at(timezone.now())


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the current page's query string without its cursor and with members changed ("" drops one)."""
    members = context["request"].GET.copy()
    for name in ("after", "before"):
        members.pop(name, None)
    for name, value in changes.items():
        members.pop(name, None)
        if value not in (None, ""):
            members[name] = value
    return f"?{members.urlencode()}"
