"""Tokens and certificates are read within bounds, and what is wrong is named without a word of the secret."""

import datetime
import os

import pytest

from avatar_ros.core import loading
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.secret_files import check_certificate, read_token, read_turn_secret


@pytest.mark.parametrize("data", [b"long enough", b" long enough\r\n", b"\xef\xbb\xbflong enough\n"])
def test_a_token_is_what_stands_in_the_file(tmp_path, data):
    (tmp_path / "token").write_bytes(data)
    assert read_token(tmp_path / "token") == "long enough"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "0 characters; it must hold 8 or more"), (b"S3cret\n", "6 characters"), (b"S3cret\nS3cret", "one line"),
        ("S3cret über".encode(), "one line"), (b"S3cret\x1b[2Jx", "one line"), (b"S3cret\xff\xff", "UTF-8"),
        (b"S3cret" * 200_000, "larger than"),
    ],
)  # fmt: skip
def test_what_is_no_token_is_named_without_the_secret(tmp_path, data, what):
    (tmp_path / "token").write_bytes(data)
    with pytest.raises(ConfigError, match=what) as caught:
        read_token(tmp_path / "token")
    assert str(tmp_path / "token") in str(caught.value) and "S3cret" not in str(caught.value)


def test_a_relays_secret_is_longer(tmp_path):
    (tmp_path / "secret").write_text("long enough")
    with pytest.raises(ConfigError, match="16 or more"):
        read_turn_secret(tmp_path / "secret")


def test_folders_endless_files_and_pipes_end_with_a_word(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "WRITER_S", 0.01)
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path, "directory"), ("/dev/zero", "larger"), (tmp_path / "pipe", "nobody wrote")):
        for reads in (read_token, lambda path: check_certificate(path, path)):
            with pytest.raises(ConfigError, match=what):
                reads(path)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Files: a certificate, its key, another's key, its key under a password."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("keys")
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kiosk")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    signed = builder.serial_number(1).not_valid_before(now).not_valid_after(now + day).sign(key, hashes.SHA256())

    def pem(of, lock):
        return of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)

    plain = serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(pem(key, plain))
    (folder / "other.pem").write_bytes(pem(other, plain))
    (folder / "locked.pem").write_bytes(pem(key, serialization.BestAvailableEncryption(b"word")))
    (folder / "both.pem").write_bytes((folder / "certificate.pem").read_bytes() + (folder / "key.pem").read_bytes())
    (folder / "damaged.pem").write_bytes((folder / "certificate.pem").read_bytes().replace(b"M", b"N", 3))
    (folder / "empty.pem").touch()
    return folder


@pytest.mark.parametrize("pair", [("certificate.pem", "key.pem"), ("both.pem", "both.pem"), ("both.pem", "key.pem")])
def test_certificates_that_serve(keys, pair):
    check_certificate(*(keys / name for name in pair))


@pytest.mark.parametrize(
    ("pair", "what"),
    [
        (("empty.pem", "key.pem"), r"empty\.pem holds no certificate in PEM"),
        (("key.pem", "key.pem"), "holds no certificate in PEM"),
        (("certificate.pem", "certificate.pem"), "holds no private key in PEM; name its file: --key"),
        (("certificate.pem", "locked.pem"), "locked with a password; unlock it: openssl pkey"),
        (("certificate.pem", "other.pem"), "its key belongs to another certificate"),
        (("damaged.pem", "key.pem"), "it is damaged"),
        (("missing.pem", "key.pem"), "cannot be read: No such file"),
    ],
)
def test_those_that_do_not_are_named(keys, pair, what):
    """A locked key asked for its password at the terminal, and waited."""
    with pytest.raises(ConfigError, match=what):
        check_certificate(*(keys / name for name in pair))
