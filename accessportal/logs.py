"""What a line of the log looks like, and what may never stand in one."""

import logging
import re
import time
from contextvars import ContextVar

TOKEN_IN_A_PATH = re.compile(
    r"(/invitations/|/auth/not-me/|/auth/factor-reset/\d+/)[A-Za-z0-9_\-]{43}(?![A-Za-z0-9_\-])"
    r"|(/password/reset/key/)[A-Za-z0-9_\-]+"
)
CONTROL_CHARACTERS = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}

request_id: ContextVar[str] = ContextVar("request_id", default="-")


def without_tokens(text: str) -> str:
    """`text` with the token of every mailed link's path replaced by an ellipsis."""
    return TOKEN_IN_A_PATH.sub(r"\1\2…", text)


class RedactTokens(logging.Filter):
    """Takes the tokens of mailed links out of a record's message, arguments and traceback (rule 8)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; every record passes."""
        record.msg = without_tokens(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_tokens(record.exc_text)
        return True


class WithoutTraceback(logging.Filter):
    """Leaves the message of a record, and takes away where in the code it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; every record passes."""
        record.exc_info = record.exc_text = None
        return True


class LineFormatter(logging.Formatter):
    """One record, one line: time, level, logger, request id, message. A forged line break stays visible as such."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The whole record, traceback included, with control characters escaped."""
        request = getattr(record, "request", None)  # Django logs refusals after the middleware has left
        record.request_id = getattr(request, "request_id", None) or request_id.get()
        return super().format(record).translate(CONTROL_CHARACTERS)
