"""The way from a page to the help about it."""

from django import template
from django.template import Context

from overview import help as book

register = template.Library()


@register.simple_tag(takes_context=True)
def help_address(context: Context) -> str:
    """Return where the help about the page that is being drawn begins."""
    match = context["request"].resolver_match
    return book.address(match.view_name if match else "overview:home")
