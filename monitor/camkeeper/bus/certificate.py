"""The certificate of a township's own bus: made here, signed by itself, and pinned by whoever is let in.

No authority, no names to resolve, no dates: a poller believes this one certificate and no other. It has no end that
anybody meets, because pollers stand in cabinets whose clocks start in 1970 when a battery is dead, and a pinned
certificate is withdrawn by making another.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from camkeeper.bus.private import write_private

_FROM, _UNTIL = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The one certificate that a client believes, and the name that it carries."""

    pem: str
    name: str

    def context(self) -> ssl.SSLContext:
        """Return a client's end of TLS. ValueError where this is no certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(cadata=self.pem)
        except ssl.SSLError as error:
            raise ValueError(f"不是证书 / no certificate: {error.reason}") from error
        return context


def name_of(edge_id: str) -> str:
    """Return the name in an edge's certificate; it says whose bus it is, whatever address leads there."""
    return f"{edge_id.replace('_', '-')}.camkeeper.internal"


def make_certificate(edge_id: str, cert: Path, key: Path) -> None:
    """Write a certificate and its key, readable by their owner only."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"camkeeper {edge_id}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name_of(edge_id))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    write_private(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    write_private(cert, made.public_bytes(Encoding.PEM).decode())
