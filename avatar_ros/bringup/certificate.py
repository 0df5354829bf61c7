"""The certificate of HTTPS: the user's own, or one that is made here for every name and address of this machine."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.own_addresses import host_word, own_names
from ..core.paths import user_data_folder
from ..core.private import private_folder, write_private
from ..core.secret_files import check_certificate

#: Browsers take none that lasts longer; it is made anew this long before its end.
DAYS, RENEW_DAYS = 397, 30


@dataclass(frozen=True)
class Certificate:
    """Files in PEM."""

    path: Path
    key_path: Path

    @classmethod
    def given(cls, certificate: str, key: str, names: Sequence[str]) -> Certificate:
        """The user's own, or the one made here. Raises ConfigError where it cannot be used."""
        if certificate:
            own = cls(Path(certificate).absolute(), Path(key or certificate).absolute())
            own.check()
            return own
        words = {word for name in own_names() if (word := host_word(name))}  # a host may be called anything
        return made_here(user_data_folder() / "web", sorted({*words, *names}))

    def check(self) -> None:
        """Raises ConfigError where the two do not belong together, or cannot be read."""
        check_certificate(self.path, self.key_path)


def made_here(folder: Path, names: Sequence[str]) -> Certificate:
    """The certificate in `folder`, made anew where it lacks one of the names or ends soon. Raises ConfigError."""
    own = Certificate(folder / "certificate.pem", folder / "key.pem")
    if not (_fits(own.path, names) and _belong_together(own)):
        private_folder(folder)
        certificate, key = _make(names)
        write_private(own.key_path, key)
        write_private(own.path, certificate)
    own.check()
    return own


def _belong_together(own: Certificate) -> bool:
    """False for what a full disk or a power cut left: one of the two files, or a new key beside an old certificate."""
    try:
        own.check()
    except ConfigError:
        return False
    return True


def _fits(path: Path, names: Sequence[str]) -> bool:
    from cryptography import x509

    try:
        known = x509.load_pem_x509_certificate(path.read_bytes())
        listed = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    found = {*map(str, listed.get_values_for_type(x509.DNSName))}
    found |= {str(address) for address in listed.get_values_for_type(x509.IPAddress)}
    now = datetime.datetime.now(datetime.UTC)
    renew = now + datetime.timedelta(days=RENEW_DAYS)
    # One that begins later was made while the clock was wrong.
    return set(names) <= found and known.not_valid_before_utc <= now and known.not_valid_after_utc > renew


def _make(names: Sequence[str]) -> tuple[str, str]:
    """(certificate, key) as PEM, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "avatar_ros")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def _general(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
