"""Seals the seeds of authenticator apps with our key ring: a copy of the database gives no second factor."""

import base64

from allauth.mfa.adapter import DefaultMFAAdapter

from connections import crypto

PLACE = crypto.Place("mfa_authenticator", "", "secret", 1)


class Adapter(DefaultMFAAdapter):
    """allauth's rules, with sealed seeds."""

    def encrypt(self, text: str) -> str:
        """Return the seed sealed, as text."""
        return base64.b64encode(crypto.seal(text.encode(), PLACE, purpose="seeds")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the seed. Raises SealError when its key is not in the ring."""
        return crypto.unseal(base64.b64decode(encrypted_text), PLACE, purpose="seeds").decode()
