"""Static files under names that carry their hash, compressed, kept by browsers for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

IN_CSS = (
    r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",
    (r"""(?P<matched>@import\s*["']\s*(?P<url>.*?)["'])""", """@import url("%(url)s")"""),
)


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Whitenoise's storage that leaves `sourceMappingURL` alone: source maps are not collected."""

    patterns = (("*.css", IN_CSS),)
