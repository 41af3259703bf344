"""The forms that others read, too: signed notes (c2sp.org/signed-note) and the tree of RFC 6962."""

import datetime as dt
import hashlib
import struct

import pytest

from audit import merkle
from audit.notes import COSIGNATURE, BadNote, SignerKey, VerifierKey, from_base64, read_note

# The example of Go's own implementation, golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
OURS = SignerKey.from_seed("access.example.com", bytes(range(32)))
WITNESS = SignerKey.from_seed("witness.example.com/w1", bytes(range(32, 64)), COSIGNATURE)
NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


def test_a_note_of_another_implementation_is_read_and_its_signature_holds():
    key = VerifierKey.read(PETER)
    note = read_note(f"{TEXT}\n{LINE}")

    assert str(key) == PETER
    assert note.text == TEXT
    assert note.signed_by(key)
    note.require([key])


def test_one_changed_letter_spoils_it_for_whoever_knows_the_key():
    changed = read_note(f"{TEXT.replace('answer', 'Answer')}\n{LINE}")

    with pytest.raises(BadNote, match="does not hold"):
        changed.require([VerifierKey.read(PETER)])
    assert not changed.signed_by(OURS.verifier)  # which is not asked for its own


def test_several_sign_one_text_and_who_is_not_known_is_passed_over():
    note = read_note(f"{TEXT}\n{LINE}{OURS.line(TEXT)}{WITNESS.line(TEXT, NOON)}")

    assert [name for name, _data in note.lines] == ["PeterNeumann", "access.example.com", "witness.example.com/w1"]
    note.require([OURS.verifier])
    note.require([WITNESS.verifier])
    with pytest.raises(BadNote, match="another key"):
        note.require([SignerKey.from_seed("access.example.com", bytes(32)).verifier])  # the same name alone is nothing


def test_a_cosignature_has_the_form_of_its_specification():
    line = WITNESS.line(TEXT, NOON)
    data = from_base64(line.split(" ")[2].strip())
    seconds = int(NOON.timestamp())

    public = WITNESS.verifier.public
    assert data[:4] == hashlib.sha256(b"witness.example.com/w1\n\x04" + public).digest()[:4]
    assert data[4:12] == struct.pack(">Q", seconds)
    WITNESS.private.public_key().verify(data[12:], f"cosignature/v1\ntime {seconds}\n{TEXT}".encode())
    assert WITNESS.verifier.time_of(TEXT, data[4:]) == seconds


def test_another_time_spoils_a_cosignature():
    name, encoded = WITNESS.line(TEXT, NOON).removeprefix("— ").split()
    data = from_base64(encoded)
    note = read_note(f"{TEXT}\n— {name} {_base64(data[:11] + bytes([data[11] ^ 1]) + data[12:])}\n")

    with pytest.raises(BadNote, match="does not hold"):
        note.signed_by(WITNESS.verifier)


def _base64(data):
    import base64

    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "given",
    ["", "\n\n", "text\n", "text\n\n", f"{TEXT}\n{LINE}".rstrip("\n"), f"{TEXT}\n{LINE[1:]}", f"{TEXT}\n— a+b AAAAAAAA\n",
     f"{TEXT}\n— name AAAA\n", f"{TEXT}\n— name ?\n", f"a\tb\n\n{LINE}", f"{TEXT}\n{LINE * 101}", f"{TEXT}\r\n\r\n{LINE}"],
)  # fmt: skip
def test_what_is_no_note_is_refused(given):
    with pytest.raises(BadNote):
        read_note(given)


@pytest.mark.parametrize("text", ["", "a+b", PETER[:-1], PETER.replace("c7", "c8"), f"{PETER}A", "a b+c74f20a3+AA"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match="not"):
        VerifierKey.read(text)


def test_a_key_for_one_kind_of_signature_is_no_key_for_the_other():
    with pytest.raises(ValueError, match="not a key of this kind"):
        VerifierKey.read(str(WITNESS.verifier))
    assert VerifierKey.read(str(WITNESS.verifier), COSIGNATURE) == WITNESS.verifier


# The vectors with which Certificate Transparency's implementations are tested.
LEAVES = [bytes.fromhex(leaf) for leaf in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize(("many", "root"), ROOTS.items())
def test_the_root_is_the_one_of_certificate_transparency(many, root):
    assert merkle.root_of(LEAVES[:many]).hex() == root


def test_each_leaf_of_trees_of_all_shapes_is_proven_and_no_other_is():
    for size in range(1, 20):
        leaves = [bytes([number]) for number in range(size)]
        root = merkle.root_of(leaves)
        for index, leaf in enumerate(leaves):
            path = merkle.path_of(index, leaves)
            assert merkle.root_from(leaf, index, size, path) == root
            assert merkle.root_from(b"other", index, size, path) != root
            assert merkle.root_from(leaf, index, size, [*path, root]) != root
            assert merkle.root_from(leaf, size, size, path) is None
            if path:
                assert merkle.root_from(leaf, index, size, path[:-1]) != root
