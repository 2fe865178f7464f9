"""What a room brings to the live line: how its news become frames, and who may see them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Wanted = Mapping[str, frozenset[str]]  # the page's own filter: fact -> any of these values
Sight = frozenset[str] | None  # the values of the fact "connection" that a person may see; None: all


@dataclass(frozen=True)
class Frame:
    """One thing to show, drawn once for every page that shows it."""

    draw: str | Callable[[], str]  # its HTML; a function is called only when some page shows the frame
    event: str = "message"  # the name that the page listens for: sse-swap="row"
    id: str = (
        ""  # what a page says it saw last when it comes back (Last-Event-ID); "" when nothing can be replayed
    )
    facts: Mapping[str, str | frozenset[str]] = field(default_factory=dict)  # what filters compare

    @cached_property
    def html(self) -> str:
        """What it shows."""
        return self.draw if isinstance(self.draw, str) else self.draw()

    def encode(self) -> bytes:
        """Return the frame as the bytes of one server-sent event."""
        lines = [f"id: {self.id}"] if self.id else []
        lines += [f"event: {self.event}", *(f"data: {line}" for line in self.html.splitlines() or [""])]
        return "\n".join([*lines, "", ""]).encode()


def agrees(frame: Frame, wanted: Wanted) -> bool:
    """Tell whether the frame has, for every wanted fact, one of the wanted values."""
    return all(_has(frame.facts.get(name, ""), values) for name, values in wanted.items())


def visible(frame: Frame, sight: Sight) -> bool:
    """Tell whether someone who sees only these connections may see it; what belongs to none is for all."""
    connection = frame.facts.get("connection", "")
    return sight is None or connection == "" or connection in sight


def everything(person: Any) -> Sight:
    """The sight of someone who may see all connections."""
    return None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the live line. Its functions are synchronous, may use the ORM, and run in one own thread.

    render(keys, among): the frames for the published keys, oldest first; once a process, whoever looks. It
        may leave out those of connections that are not among these: nobody looks at them. None: all.
    since(last_id, wanted): the frames a page needs that shows what was known at `last_id` ("" when it says
        nothing). Rows appear in another order than their ids, so go back a little further: pages replace
        what they know.
    sight(person): which connections the person may see, asked when a page opens and every 30 s.
    agrees(frame, wanted): whether a page with this filter shows the frame.
    """

    render: Callable[[Sequence[str], Sight], Iterable[Frame]]
    since: Callable[[str, Wanted], Iterable[Frame]] = lambda last_id, wanted: ()
    sight: Callable[[Any], Sight] = everything
    agrees: Callable[[Frame, Wanted], bool] = agrees


def _has(fact: str | frozenset[str], values: frozenset[str]) -> bool:
    return fact in values if isinstance(fact, str) else not fact.isdisjoint(values)
