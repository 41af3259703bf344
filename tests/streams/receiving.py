"""Receivers as an account would run them: an HTTP server and a syslog receiver, both speaking TLS, in threads."""

import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from streams.actions import deliver
from streams.models import Stream


@dataclass(frozen=True)
class Vouched:
    """An authority's certificate as PEM, and a context of a server that it vouches for."""

    authority: str
    context: ssl.SSLContext


def vouched(folder: Any, name: str = "localhost") -> Vouched:
    """Make an authority, and a certificate for a server of this name."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _each in range(2))
    root_name = _named("Authority of a test")
    root = _certificate(root_name, root_name, root_key, root_key, authority=True)
    leaf = _certificate(_named(name), root_name, key, root_key, names=[x509.DNSName(name)], issued_by=root_key)
    path = folder / f"{name}.pem"
    pem, traditional = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(leaf.public_bytes(pem) + key.private_bytes(pem, traditional, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return Vouched(root.public_bytes(pem).decode(), context)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: Any, issuer: Any, key: Any, signer: Any, *, authority: bool = False, names: Any = (), issued_by: Any = None
) -> x509.Certificate:
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=9))
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    above = (issued_by or key).public_key()
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = made.add_extension(
        x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, **usage), critical=True
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(signer, hashes.SHA256())


@dataclass
class Receiver:
    """What a webhook's receiver got, in order, and how it answers: a status, or whatever a function does."""

    port: int = 0
    answer: Callable[[Any], int] = lambda request: 200
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}/in?token=opens-it"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _path, _headers, body in self.got]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the events, in the order they came."""
        return [event["number"] for body in self.bodies for event in body["data"]["events"]]


@contextmanager
def web_receiver(context: ssl.SSLContext | None) -> Iterator[Receiver]:
    """An HTTPS server at localhost; without a context it speaks plain HTTP."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.answer(self)
            if status:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
                self.end_headers()

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class SyslogReceiver:
    """What a syslog receiver got: whole messages, each counted by its octets."""

    port: int = 0
    got: list[bytes] = field(default_factory=list)
    dies_after: int = 0  # bytes; then it resets the connection

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"


@contextmanager
def syslog_receiver(context: ssl.SSLContext) -> Iterator[SyslogReceiver]:
    """A syslog receiver at localhost (RFC 5425)."""
    receiver, ended = SyslogReceiver(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        receiver.port = server.getsockname()[1]

        def take(raw: socket.socket) -> None:
            raw.settimeout(5)
            with context.wrap_socket(raw, server_side=True) as line:
                read = b""
                while more := line.recv(65_536):
                    read += more
                    if receiver.dies_after and len(read) >= receiver.dies_after:
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        return
                while read:
                    length, _blank, rest = read.partition(b" ")
                    receiver.got.append(rest[: int(length)])
                    read = rest[int(length) :]

        def serve() -> None:
            while not ended.is_set():
                try:
                    take(server.accept()[0])
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            ended.set()
            thread.join(timeout=5)


def sent(stream: Stream) -> Stream:
    """Let a worker do what is due for a stream, and return the stream as it stands then."""
    deliver(stream_id=stream.pk)
    return Stream.objects.get(pk=stream.pk)
