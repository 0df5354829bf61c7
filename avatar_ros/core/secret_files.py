"""Files that hold a secret: a token or password alone, or a certificate with its key. No message repeats them."""

from __future__ import annotations

import ssl
from pathlib import Path

from .errors import ConfigError
from .loading import read_bytes, read_text

#: Characters that a visitors' token, and the secret of a relay must have.
LEAST_TOKEN, LEAST_TURN_SECRET = 8, 16
_MOST_BYTES = 1 << 20
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"
_LOCKED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")


def read_token(path: Path) -> str:
    """The visitors' token in a file. Raises ConfigError for a file that cannot be read, or is too short."""
    return _read(path, "token file", LEAST_TOKEN, "bad_token")


def read_turn_secret(path: Path) -> str:
    """The secret of a relay in a file. Raises ConfigError for a file that cannot be read, or is too short."""
    return _read(path, "file of the relay's secret", LEAST_TURN_SECRET, "bad_turn")


def check_certificate(certificate: Path, key: Path) -> None:
    """Raises ConfigError naming the file where a server cannot use the two, and what to do."""
    if _CERTIFICATE not in _pem(certificate):
        _refuse(f"certificate {certificate} holds no certificate in PEM ({_CERTIFICATE.decode()})")
    held = _pem(key)
    if _KEY not in held:
        where = "; name its file: --key KEY.pem" if key == certificate else ""
        _refuse(f"{key} holds no private key in PEM{where}")
    if any(mark in held for mark in _LOCKED):
        _refuse(f"the private key in {key} is locked with a password; unlock it: openssl pkey -in {key} -out KEY.pem")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        unlike = "MISMATCH" in (error.reason or "")
        said = "its key belongs to another certificate" if unlike else f"it is damaged ({error.reason or error})"
        raise ConfigError("bad_certificate", f"certificate {certificate} with key {key}: {said}") from error


def _pem(path: Path) -> bytes:
    try:
        return read_bytes(path, _MOST_BYTES, "bad_certificate")
    except OSError as error:
        raise ConfigError("bad_certificate", f"certificate {path} cannot be read: {error.strerror}") from error


def _refuse(text: str) -> None:
    raise ConfigError("bad_certificate", text)


def _read(path: Path, what: str, least: int, code: str) -> str:
    try:
        secret = read_text(path, _MOST_BYTES, code).strip()
    except OSError as error:
        raise ConfigError(code, f"{what} {path} cannot be read: {error.strerror}") from error
    if not secret.isascii() or not secret.isprintable():
        raise ConfigError(code, f"{what} {path} must hold one line of ASCII letters, digits and signs")
    if len(secret) < least:
        raise ConfigError(code, f"{what} {path} holds {len(secret)} characters; it must hold {least} or more")
    return secret
