"""A secret that does not open is a page that says what to do, where no form says it."""

from allauth.mfa.models import Authenticator

from tests.test_people_factors import code_of


def test_a_second_factor_under_a_broken_ring_is_a_page_with_a_sentence(admin_client, settings):
    admin_client.get("/account/two-factor/totp/activate/")
    code = code_of(admin_client.session["mfa.totp.secret"])
    settings.CREDENTIAL_KEYS = "k1:AAAA"
    answer = admin_client.post("/account/two-factor/totp/activate/", {"code": code})
    assert answer.status_code == 503
    assert "The key k1 has 3 bytes instead of 32: use 32 random bytes." in answer.content.decode()
    assert not Authenticator.objects.exists()
