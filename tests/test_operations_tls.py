"""TLS of the outgoing door: the right name, a certificate that is trusted, and never an old protocol."""

import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from operations import outbound, wire
from tests.loopback import Loopback
from tests.outgoing import call, failing


def certificate(tmp_path, name: str = "localhost", *, days: int = 30):
    """Write a self-signed certificate and return (path of certificate, path of key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(end - timedelta(days=60)).not_valid_after(end)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "cert").write_bytes(pem)
    (tmp_path / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return tmp_path / "cert", tmp_path / "key"


@pytest.fixture
def tls(serve, tmp_path, settings, monkeypatch):
    """Return a starter of TLS servers whose own certificate is trusted, unless `trusted=False`."""
    settings.PRIVATE_HOSTS = ["localhost", "127.0.0.1"]

    def start(*, trusted: bool = True, tls10: bool = False, **facts) -> Loopback:
        cert, key = certificate(tmp_path, **facts)
        ours = ssl.create_default_context(cafile=str(cert) if trusted else None)
        monkeypatch.setattr(outbound, "tls_context", lambda: ours)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if tls10:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):  # that it is old is the point
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.load_cert_chain(cert, key)
        return serve(wrap=lambda connection: context.wrap_socket(connection, server_side=True))

    return start


def test_it_speaks_tls_to_the_name_it_was_given(tls):
    server = tls()
    assert call(f"https://localhost:{server.port}/").status == 200


UNTRUSTED = [{"trusted": False}, {"days": -1}, {"name": "other.example"}, {"tls10": True}]


@pytest.mark.parametrize("facts", UNTRUSTED, ids=["self-signed", "expired", "wrong name", "TLS 1.0"])
def test_a_wrong_identity_gets_no_byte_of_the_credential(facts, tls):
    server = tls(**facts)
    error = failing(f"https://localhost:{server.port}/", headers=[("Authorization", "Bearer k")])
    assert (error.code, error.sent, server.requests) == ("tls", False, [])


def test_the_real_context_checks_names_and_takes_more_authorities(tmp_path, settings):
    settings.CA_FILE = str(certificate(tmp_path)[0])
    context = wire.tls_context.__wrapped__()
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert any(("commonName", "localhost") in part for ca in context.get_ca_certs() for part in ca["subject"])
