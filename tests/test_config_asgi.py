"""The real site as journeys meet it."""

import urllib.error
import urllib.request

import pytest


def test_the_real_site_answers(live_site):
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{live_site}/no-such-page")
    assert answer.value.code in {302, 404}
    answer.value.close()
