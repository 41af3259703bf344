"""Nothing is ever sent inside, led elsewhere, or held for long, whatever address is typed (IO5, CF9)."""

import socket
import ssl
import threading
import time

import pytest
from django.urls import reverse

from accounts.errors import PolicyViolation
from streams import actions, calling
from streams.calling import BadAddress, NotReached, is_outside, syslog_place, web_place
from streams.models import Delivery, Stream
from tests.factories import BusinessAccountFactory, StreamFactory
from tests.oversight.log import write
from tests.showing import signed_in
from tests.streams.receiving import sent, vouched, web_receiver

pytestmark = [pytest.mark.requirement("IO5")]
NOWHERE = "This name leads to no public address"


# --- Which addresses --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_known_as_such(address):
    assert not is_outside(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_a_public_address_is_known_as_such(address):
    assert is_outside(address)


@pytest.mark.parametrize(
    "typed",
    [
        "", "logs.example.com", "http://logs.example.com/", "ftp://logs.example.com/", "file:///etc/passwd", "gopher://x/",
        "https://", "https:///in", "https://user:word@logs.example.com/", "https://logs.example.com/#part",
        "https://logs.example.com:0/", "https://logs.example.com:65536/", "https://logs.example.com:x/",
        "https://[::1", "https://[fe80::1%25eth0]/", "https://logs.example.com/a b", "https://logs.example.com/\r\nHost: x",
        "https://logs.exämple.com/", "https://logs.example.com\t/", "https://lo gs/", "//logs.example.com/",
        "https://a@b@c/", "https://logs.example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_with_words(typed):
    with pytest.raises(BadAddress, match=r"\w+"):
        web_place(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "tcp://logs.example.com", "logs.example.com:0", "logs.example.com/x", "a@b:6514", "a b:1", "x:y", "x:6514?a"],
)
def test_what_is_no_syslog_receiver_is_refused_with_words(typed):
    with pytest.raises(BadAddress, match=r"\w+"):
        syslog_place(typed)


def test_plain_http_is_for_trying_on_this_machine_alone(settings):
    for embedded, typed in (
        (False, "http://localhost:9/"),
        (True, "http://logs.example.com/"),
        (True, "http://localhost.evil.example/"),
    ):
        settings.EMBEDDED = embedded
        with pytest.raises(BadAddress, match="https"):
            web_place(typed)
    settings.EMBEDDED = True
    assert web_place("http://localhost:9/").port == 9


# --- Names ------------------------------------------------------------------------------------------------------------
def _answers(monkeypatch, *answers):
    """Let each look-up of a name give the next of these lists of addresses; return how often it was asked."""
    asked, real = [], socket.getaddrinfo

    def look_up(host, port, **given):
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [entry for address in found for entry in real(address, port, **given)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def _connects(monkeypatch):
    """Let nothing connect; return to what it was tried."""
    tried = []

    def connect(_socket, address):
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "0",
    ],
)
def test_nothing_is_sent_to_a_number_that_lies_inside(host, monkeypatch):
    tried = _connects(monkeypatch)

    with pytest.raises(NotReached, match=NOWHERE):
        calling.post(web_place(f"https://{host}/"), b"", {})

    assert tried == []


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["169.254.169.254"], ["1.1.1.1", "127.0.0.1"], ["::1"]])
def test_nothing_is_sent_to_a_name_that_leads_inside_not_even_in_part(addresses, monkeypatch):
    tried = _connects(monkeypatch)
    _answers(monkeypatch, addresses)

    with pytest.raises(NotReached, match=NOWHERE):
        calling.post(web_place("https://logs.example.com/"), b"", {})

    assert tried == []


def test_a_name_that_changes_its_answer_is_asked_once_and_the_checked_address_counts(monkeypatch):
    tried = _connects(monkeypatch)
    asked = _answers(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])

    with pytest.raises(NotReached, match="No connection"):
        calling.post(web_place("https://rebinds.example.com/"), b"", {})

    assert (asked, tried) == (["rebinds.example.com"], ["1.1.1.1"])


def test_a_name_that_nobody_knows_reads_as_one_that_leads_inside(monkeypatch):
    def nobody(*_asked, **_more):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(NotReached, match=NOWHERE):
        calling.post(web_place("https://intranet/"), b"", {})


def test_even_in_trying_only_this_very_machine_is_reached(on_this_machine, monkeypatch):
    tried = _connects(monkeypatch)
    for host in ("10.0.0.1", "169.254.169.254", "localhost.example.com"):
        _answers(monkeypatch, ["192.168.0.9" if host[0] == "l" else host])
        with pytest.raises(NotReached, match=NOWHERE):
            calling.post(web_place(f"https://{host}/"), b"", {})

    assert tried == []


# --- What answers -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_counts_as_a_failure(receiver, authority, status):
    stream = StreamFactory(address=receiver.address, authority=authority.authority)
    write(stream.account)
    receiver.answer = lambda request: status

    stream = sent(stream)

    assert len(receiver.got) == 1
    assert stream.problem.startswith(f"It answered {status}: it leads elsewhere")


@pytest.mark.django_db
def test_a_certificate_that_nobody_vouches_for_gets_nothing(receiver):
    stream = StreamFactory(address=receiver.address)
    write(stream.account)

    stream = sent(stream)

    assert receiver.got == []
    assert stream.problem.startswith("Its certificate is not trusted")


@pytest.mark.django_db
def test_a_certificate_of_another_name_gets_nothing(on_this_machine, tmp_path):
    other = vouched(tmp_path, "logs.example.com")
    with web_receiver(other.context) as receiver:
        stream = StreamFactory(address=receiver.address, authority=other.authority)
        write(stream.account)
        stream = sent(stream)

    assert receiver.got == []
    assert "certificate is not trusted" in stream.problem


@pytest.fixture
def raw(on_this_machine):
    """A plain server whose every connection is handed to a function."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serving(answer):
        def serve():
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return
                threading.Thread(target=_quietly, args=(answer, held[-1]), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return web_place(f"http://localhost:{server.getsockname()[1]}/")

    yield serving
    server.close()
    for one in held:
        one.close()


def _quietly(answer, line):
    try:
        answer(line)
    except OSError:
        pass  # the other side has given up, as it should


def _drip(line):
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\nX: ")
        time.sleep(0.05)


@pytest.mark.requirement("CF9")
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda line: time.sleep(30), "no answer in time"),
        (_drip, "does not speak HTTP|no answer in time"),
        (lambda line: line.sendall(b"x" * 10_000_000), "does not speak HTTP"),
        (lambda line: line.sendall(b"SSH-2.0-OpenSSH_9.6\r\n") or line.close(), "does not speak HTTP|No connection"),
        (lambda line: line.close(), "does not speak HTTP|No connection"),
    ],
    ids=["silent", "drips", "endless", "other", "closes"],
)
def test_whatever_answers_the_call_ends_by_the_clock_and_reads_little(raw, answer, words, monkeypatch):
    monkeypatch.setattr(calling, "LONGEST_CALL", 1.5)
    began = time.monotonic()

    with pytest.raises(NotReached, match=words):
        calling.post(raw(answer), b"x" * 100_000, {})

    assert time.monotonic() - began < 4


def test_the_limits_of_a_call_are_short():
    assert 0 < calling.LONGEST_CONNECT <= calling.LONGEST_CALL <= 30
    assert calling.trusting("").verify_mode == ssl.CERT_REQUIRED
    assert calling.trusting("").check_hostname


# --- Forms ------------------------------------------------------------------------------------------------------------
FORM = {"label": "Logs", "kind": "webhook", "form": "json", "begin": "now"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"address": "http://logs.example.com/"}, "must begin with https://"),
        ({"address": "https://user:word@logs.example.com/"}, "Leave out names and passwords"),
        ({"address": "http://localhost:8000/"}, "must begin with https://"),
        ({"address": "https://logs.example.com/", "authority": "no certificate"}, "no certificate in the PEM form"),
        ({"address": "https://logs.example.com/", "authority": "Zertifikat für ö"}, "no certificate in the PEM form"),
        ({"address": "https://logs.example.com/", "kind": "syslog"}, "Type a name and a port"),
    ],
)
def test_the_form_says_what_is_wrong_with_an_address(given, words):
    account = BusinessAccountFactory()

    shown = signed_in(account.owner).post(reverse("add_stream", args=[account.slug]), {**FORM, **given})

    assert shown.status_code == 422
    assert words in shown.content.decode()
    assert not Stream.objects.exists()


@pytest.mark.django_db
def test_the_act_itself_refuses_such_an_address_too():
    account = BusinessAccountFactory()
    given = {"account": account, "kind": "webhook", "form": "json", "by": account.owner}

    for number, address in enumerate(("http://logs.example.com/", "file:///etc/passwd", "https://a b/")):
        with pytest.raises(PolicyViolation):
            actions.add_stream(label=str(number), address=address, **given)
    with pytest.raises(PolicyViolation):
        actions.add_stream(label="x", address="https://logs.example.com/", authority_pem="no certificate", **given)


@pytest.mark.django_db
def test_what_was_typed_while_trying_is_not_reached_in_production():
    stream = StreamFactory(address="http://localhost:1/")
    write(stream.account)

    stream = sent(stream)

    assert "must begin with https://" in stream.problem
    assert Delivery.objects.get().state == "waiting"
