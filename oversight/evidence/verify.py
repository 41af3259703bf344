#!/usr/bin/env python3
"""Check an evidence pack of AccessPortal: `python verify.py pack.zip [--key KEY]`. Needs Python 3.9 or newer alone.

It trusts nothing in the pack but arithmetic. What it asks, in this order:

1. Every file is there and has the SHA-256 that the manifest says, and the archive holds not one byte beside them.
2. Every event has the digest of its text, follows the one before, and says of people what it was written with.
3. Every receipt and report is the very one whose digest stands in its event, where that event is in the pack.
4. The checkpoint is signed (Ed25519), the account's chain is under its root, and the last event leads to its head.

The key in the pack proves only that the pack agrees with itself. Give the key that you got elsewhere with --key.
Exit code 0: it holds. 1: it does not, and each thing that is wrong is named. 2: asked wrongly.
"""

import argparse
import base64
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib

FORM = "accessportal-evidence/v1"
# What reading a file that was changed anywhere can end in.
BROKEN = (
    OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError, MemoryError,
    struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


def main(arguments=None):
    """Check the pack that is named, and return the exit code."""
    parser = argparse.ArgumentParser(description="Check an evidence pack of AccessPortal.")
    parser.add_argument("pack", help="the zip file")
    parser.add_argument(
        "--key", default="", help="the public key that must have signed the checkpoint, as name+id+base64"
    )
    given = parser.parse_args(arguments)
    if given.key and not is_key(given.key):
        parser.error("--key is no public key, such as access.example.com+74c1a2b3+AbCd…")
    try:
        with open(given.pack, "rb") as file:
            wrong, said = check(file.read(), given.key)
    except BROKEN as problem:
        wrong, said = [f"this is no evidence pack, or it is broken: {problem!r}"], []
    for line in said:
        print(line)
    for line in wrong:
        print(f"WRONG: {line}")
    print("It does not hold." if wrong else "It holds.")
    return 1 if wrong else 0


def check(data, key=""):
    """Return what is wrong with a pack, and what can be said of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        files = {name: archive.read(name) for name in names}
    manifest = json.loads(files["manifest.json"])
    if manifest["form"] != FORM:
        return [f"another form of pack: {manifest['form']}"], []
    wrong = check_files(data, names, files, manifest)
    events = [json.loads(line) for line in files["events.jsonl"].decode().splitlines()]
    wrong += check_events(events, manifest)
    wrong += check_papers(files, events)
    more, said = check_checkpoint(files, events, manifest, key)
    period = manifest["period"]
    said.insert(0, f"{manifest['account']['name']}: {len(events)} events, from {period['from']} to {period['to']}")
    return wrong + more, said


# --- 1. The files -----------------------------------------------------------------------------------------------------
def check_files(data, names, files, manifest):
    """Every file has its hash, and the archive is byte for byte what these files make."""
    wrong = []
    if len(set(names)) != len(names) or set(names) != {*manifest["files"], "manifest.json", "manifest.sha256"}:
        wrong.append("the files are not those of the manifest")
    for name, expected in manifest["files"].items():
        if hashlib.sha256(files.get(name, b"")).hexdigest() != expected:
            wrong.append(f"{name} was changed")
    if files["manifest.sha256"].decode() != hashlib.sha256(files["manifest.json"]).hexdigest() + "\n":
        wrong.append("the manifest was changed")
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(entry(name), files[name])
    if again.getvalue() != data:
        wrong.append("the archive holds something beside its files")
    return wrong


def entry(name):
    """How a file stands in the archive: nothing of it hangs on a clock or a machine."""
    found = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    found.create_system, found.external_attr = 3, 0o100644 << 16
    return found


# --- 2. The events ----------------------------------------------------------------------------------------------------
def check_events(events, manifest):
    """Each digest is that of the text, each hash that of the one before, the number and the digest."""
    wrong, before = [], None
    for event in events:
        number, text = event["number"], event["canonical"]
        digest = hashlib.sha256(text.encode()).digest()
        previous = bytes.fromhex(event["previous_hash"])
        if digest.hex() != event["digest"] or link(previous, number, digest).hex() != event["hash"]:
            wrong.append(f"event {number} was changed")
        if before and (number != before["number"] + 1 or event["previous_hash"] != before["hash"]):
            wrong.append(f"event {number} does not follow event {before['number']}")
        form = json.loads(text)
        if form[0] != manifest["chain"]:
            wrong.append(f"event {number} is of another chain")
        for words, expected in zip((event["actor_words"], event["target_words"]), form[9:11]):
            if words is not None and hashlib.sha256(words.encode()).hexdigest() != expected:
                wrong.append(f"the words about people of event {number} were changed")
        before = event
    return wrong


def link(previous, number, digest):
    """The hash of an event: SHA-256 over the hash before it, its number (8 bytes) and the digest of its text."""
    return hashlib.sha256(previous + number.to_bytes(8, "big") + digest).digest()


# --- 3. Receipts and reports ------------------------------------------------------------------------------------------
def check_papers(files, events):
    """The digest of each statement is the one in its event, or somebody was erased from it since."""
    by_number, wrong = {event["number"]: json.loads(event["canonical"])[-1] for event in events}, []
    for name in sorted(files):
        if not name.startswith(("receipts/", "reviews/")):
            continue
        paper = json.loads(files[name])
        statement, told = paper["statement"], by_number.get((paper["event"] or {}).get("number"))
        text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        if told is not None and "erased" not in statement:
            if hashlib.sha256(text.encode()).hexdigest() != told["after"].get("digest"):
                wrong.append(f"{name} is not the one that the log knows")
    return wrong


# --- 4. The checkpoint ------------------------------------------------------------------------------------------------
def check_checkpoint(files, events, manifest, key):
    """The chain's head is under a signed root, and the last event leads to it."""
    if "checkpoint.txt" not in files:
        return [], ["There is no checkpoint in it: the events agree with each other, and nobody else vouches for them."]
    head, _gap, note = files["checkpoint.txt"].decode().partition("\n\n")
    text, _gap, signatures = note.rpartition("\n\n")
    text += "\n"
    named = key or files["key.txt"].decode().strip()
    if not is_signed(text, signatures, named):
        return [f"the checkpoint is not signed by {named}"], []
    _form, index, *path, leaf = head.split("\n")
    chain, length, last = leaf.split(" ")
    origin, _events, root, chains, at = text.splitlines()
    above = root_from(leaf.encode(), int(index.split(" ")[1]), int(chains.split(" ")[1]), list(map(unbase64, path)))
    if chain != manifest["chain"] or above != unbase64(root):
        return ["the chain is not under the root of the checkpoint"], []
    wrong = leads_to(int(length), unbase64(last), events, files)
    when = at.split(" ")[1]
    trust = "the key that was given" if key else "the key in the pack, which proves only that it agrees with itself"
    return wrong, [f"Checkpoint of {origin}, {when}: {length} events of this chain. Signed by {trust}."]


def leads_to(length, last, events, files):
    """Say why the last event does not lead to the head of the chain, by the digests of those after it."""
    digests = [unbase64(line) for line in files["links.txt"].decode().splitlines()]
    if not events:
        return []
    at = next((event for event in events if event["number"] == length), None)
    if at is not None:  # the checkpoint is of a time within the pack
        return [] if bytes.fromhex(at["hash"]) == last and not digests else ["the checkpoint knows another history"]
    here, number = bytes.fromhex(events[-1]["hash"]), events[-1]["number"]
    if number + len(digests) != length:
        return ["the events after the last one, up to the checkpoint, are missing"]
    for digest in digests:
        number += 1
        here = link(here, number, digest)
    return [] if here == last else ["the last event does not lead to the checkpoint"]


def root_from(leaf, index, size, path):
    """The root to which a path leads from a leaf at its place among so many (RFC 9162, 2.1.3.2)."""
    here, last, found = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for beside in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = hashlib.sha256(b"\x01" + beside + found).digest()
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + beside).digest()
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def is_signed(text, signatures, key):
    """Whether a line of a signed note (c2sp.org/signed-note) is the Ed25519 signature of this key over the text."""
    name, _plus, rest = key.partition("+")
    data = unbase64(rest.partition("+")[2])
    public = data[1:]
    wanted = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    for line in signatures.splitlines():
        signer, _space, encoded = line[2:].partition(" ")
        found = unbase64(encoded)
        if line[:2] == "\u2014 " and signer == name and found[:4] == wanted:
            return data[:1] == b"\x01" and is_ed25519(public, text.encode(), found[4:])
    return False


def is_key(text):
    """Whether a text is a public key: a name, its id, and one byte with 32 more in base64."""
    name, _plus, rest = text.partition("+")
    try:
        return bool(name) and len(unbase64(rest.partition("+")[2])) == 33
    except ValueError:
        return False


def unbase64(text):
    """Read standard base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not base64 in its one form")
    return data


# --- Ed25519 (RFC 8032), as its paper says it: slow, and short enough to be read --------------------------------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(one, other):
    """The sum of two points of the curve, in extended coordinates."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    """A point, so many times."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def is_same(one, other):
    """Whether two points are one."""
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def point_of(data):
    """The point that 32 bytes stand for. Raises ValueError."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_ed25519(public, message, signature):
    """Whether a signature is the one of this public key over a message."""
    if len(signature) != 64:
        return False
    try:
        key, nonce = point_of(public), point_of(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return is_same(times(s, BASE), add(nonce, times(h, key)))


if __name__ == "__main__":
    sys.exit(main())
