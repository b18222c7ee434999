"""The CLI's connections over TLS: which certificates it trusts, and what it says about others."""

import datetime
import ipaddress
import json
import ssl
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loopback import Handler, Loopback
from test_command_line import BLOCKED, ONBOARD

DENIED = b'{"__type": "AccessDeniedException", "message": "You do not have permissions to access this resource."}'


class Organizations(Handler):
    """Refuses every call, which ends a run."""

    def do_POST(self):
        self.body()
        self.send(400, DENIED, [("Content-Type", "application/x-amz-json-1.1")])


def self_signed(folder):
    """Writes a key and a certificate that is its own authority, for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))


@pytest.fixture
def plan(tmp_path):
    """Runs `onboard plan` against a TLS server, and returns its cause, exit code and seconds."""
    self_signed(tmp_path)
    (tmp_path / "onboarding.toml").write_text('[[access-role.grant]]\nprincipal = "482913650127"\n')
    server = Loopback(Organizations)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    environment = {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"https://{server.address}",
    }

    def run(**variables):
        words = [ONBOARD, "plan", "--account", "444455556666", "--format", "json"]
        start = time.monotonic()
        done = subprocess.run(words, cwd=tmp_path, env=environment | variables, capture_output=True, timeout=60)
        assert done.stdout, done.stderr.decode()
        return json.loads(done.stdout)["cause"], done.returncode, time.monotonic() - start

    yield run
    server.close()


def test_untrusted_certificate_ends_the_run_with_what_to_check(plan):
    cause, code, seconds = plan()
    assert (cause["code"], code) == ("service_unavailable", BLOCKED)
    assert "CertificateNotTrusted" in cause["message"] and "invalid peer certificate" in cause["message"]
    assert "AWS_CA_BUNDLE" in cause["remedy"] and "no action needed" not in cause["remedy"]
    assert seconds < 20


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificate_of_the_environment_is_trusted(plan, variable):
    cause, _, _ = plan(**{variable: "ca.pem"})
    assert cause["code"] == "own_permission_missing", cause
