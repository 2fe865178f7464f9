"""Turn an action's inputs into the values of its operation, by the recipe that stands in the definition.

A recipe is JSON with these words in it, each an object of its own:
`{"$input": name}` the input; `{"$one": name}` a list input, or its only element when it has one;
`{"$if": name, "then": recipe}` the recipe when the input is there and not false;
`{"$each": [names], "as": recipe}` the recipe once for each element of these inputs, in which `{"$item":
"url"}` is the element as an address (an uploaded file becomes a data: address) and `{"$item": "value"}` the
element itself. What comes out blank takes its member or element with it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from definitions import values
from definitions.schema import Action
from definitions.template import DROP

WORDS = ("$input", "$one", "$if", "$item", "$each")
Inputs = Mapping[str, Any]
AsUrl = Callable[
    [Any], str
]  # an uploaded file as "data:image/png;base64,…"; called for every element that is no text


def compose(action: Action, inputs: Inputs, as_url: AsUrl) -> dict[str, Any]:
    """Return the values of `action.operation`.

    `inputs` are checked and cast; absent and blank ones say nothing.
    """
    filled = {name: _made(recipe, inputs, as_url, DROP) for name, recipe in action.values.items()}
    return {name: value for name, value in filled.items() if value is not DROP}


def faults(action: Action, inputs: Inputs) -> dict[str, str]:
    """Return a sentence for each input that is missing, also of those groups of which one is enough."""
    absent = {name for name in (p.name for p in action.inputs) if values.is_blank(inputs.get(name))}
    found = {p.name: gettext("This is required.") for p in action.inputs if p.required and p.name in absent}
    labels = {p.name: p.label for p in action.inputs}
    for group in action.one_of:
        if set(group) <= absent:
            found[group[0]] = gettext("Give at least one of: {names}.").format(
                names=", ".join(labels[name] for name in group)
            )
    return found


def names(recipe: Any) -> Iterator[str]:
    """Yield the names of all inputs that a recipe uses."""
    if isinstance(recipe, list):
        for child in recipe:
            yield from names(child)
    elif isinstance(recipe, Mapping):
        for word in ("$input", "$one", "$if"):
            yield from [recipe[word]] if word in recipe else []
        yield from recipe.get("$each", ())
        for child in recipe.values():
            yield from names(child)


def unknown_words(recipe: Any) -> Iterator[str]:
    """Yield every member of a recipe that begins like a word and is none."""
    children = recipe.values() if isinstance(recipe, Mapping) else recipe if isinstance(recipe, list) else ()
    if isinstance(recipe, Mapping):
        yield from (key for key in recipe if key.startswith("$") and key not in WORDS)
    for child in children:
        yield from unknown_words(child)


def _made(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> Any:
    if isinstance(recipe, list):
        return _made_list(recipe, inputs, as_url, item)
    if not isinstance(recipe, Mapping):
        return recipe
    word = next((word for word in WORDS if word in recipe), None)
    if word:
        return MAKERS[word](recipe, inputs, as_url, item)
    made = {key: _made(child, inputs, as_url, item) for key, child in recipe.items()}
    return {key: value for key, value in made.items() if value is not DROP}


def _made_list(recipe: list[Any], inputs: Inputs, as_url: AsUrl, item: Any) -> list[Any]:
    made: list[Any] = []
    for child in recipe:
        value = _made(child, inputs, as_url, item)
        if isinstance(child, Mapping) and "$each" in child:
            made.extend(value)
        elif value is not DROP:
            made.append(value)
    return made


def _input(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> Any:
    value = inputs.get(recipe["$input"])
    return DROP if values.is_blank(value) else value


def _one(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> Any:
    elements = _elements(inputs.get(recipe["$one"]))
    return {0: DROP, 1: elements[0] if elements else DROP}.get(len(elements), elements)


def _if(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> Any:
    value = inputs.get(recipe["$if"])
    return DROP if values.is_blank(value) or value is False else _made(recipe["then"], inputs, as_url, item)


def _item(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> Any:
    return as_url(item) if recipe["$item"] == "url" and not isinstance(item, str) else item


def _each(recipe: Any, inputs: Inputs, as_url: AsUrl, item: Any) -> list[Any]:
    elements = [element for name in recipe["$each"] for element in _elements(inputs.get(name))]
    return [_made(recipe["as"], inputs, as_url, element) for element in elements]


def _elements(value: Any) -> list[Any]:
    elements = value if isinstance(value, list) else [value]
    return [element for element in elements if not values.is_blank(element)]


MAKERS: Mapping[str, Callable[[Any, Inputs, AsUrl, Any], Any]] = {
    "$input": _input,
    "$one": _one,
    "$if": _if,
    "$item": _item,
    "$each": _each,
}
