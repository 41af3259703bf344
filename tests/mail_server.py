"""A small mail server for tests: it speaks SMTP on a real socket, keeps what it is given, and refuses or hangs on wish."""

import email
import email.policy
import select
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps the mails that it took. `answer_to_rcpt` and `answer_to_data` are what it says; `holds` makes it hang."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.answer_to_rcpt = self.answer_to_data = "250 fine"
        self.holds = threading.Event()  # set: it takes a mail and then says nothing
        self.has_taken = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        for line in self.rfile:
            match line[:4].upper():
                case b"RCPT":
                    self._say(self.server.answer_to_rcpt)
                case b"DATA":
                    self._take()
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        if self.server.answer_to_data.startswith("2"):
            self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        self.server.has_taken.set()
        while self.server.holds.is_set():
            if select.select([self.connection], [], [], 0.05)[0]:  # whoever sent it is gone: nothing else is to come
                return
        self._say(self.server.answer_to_data)

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server for the length of the block."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
