"""Digest against the RFCs' own examples; the parser against what cameras send."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.probe import digest

RFC2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC7616_COMMON = (
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def test_the_example_of_rfc_2617() -> None:
    out = digest.authorization(
        RFC2617, method="GET", uri="/dir/index.html", user="Mufasa", password="Circle Of Life", cnonce="0a4f113b"
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in out
    assert 'qop=auth, nc=00000001, cnonce="0a4f113b"' in out
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in out


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    out = digest.authorization(
        f"Digest {RFC7616_COMMON}, algorithm={algorithm}",
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle of Life",
        cnonce=CNONCE7616,
    )
    assert f'response="{response}"' in out
    assert f"algorithm={algorithm}" in out


def test_without_qop_it_is_rfc_2069() -> None:
    out = digest.authorization(
        'Digest realm="IP Camera(12345)", nonce="abc"', method="DESCRIBE", uri="rtsp://h/1", user="u", password="p"
    )
    ha1 = hashlib.md5(b"u:IP Camera(12345):p", usedforsecurity=False).hexdigest()
    ha2 = hashlib.md5(b"DESCRIBE:rtsp://h/1", usedforsecurity=False).hexdigest()
    expected = hashlib.md5(f"{ha1}:abc:{ha2}".encode(), usedforsecurity=False).hexdigest()
    assert f'response="{expected}"' in out
    assert "cnonce" not in out
    assert "algorithm" not in out


def test_md5_sess_hashes_the_nonces_in() -> None:
    out = digest.authorization(
        'Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"',
        method="GET",
        uri="/",
        user="u",
        password="p",
        cnonce="c",
    )
    first = hashlib.md5(b"u:r:p", usedforsecurity=False).hexdigest()
    ha1 = hashlib.md5(f"{first}:n:c".encode(), usedforsecurity=False).hexdigest()
    ha2 = hashlib.md5(b"GET:/", usedforsecurity=False).hexdigest()
    expected = hashlib.md5(f"{ha1}:n:00000001:c:auth:{ha2}".encode(), usedforsecurity=False).hexdigest()
    assert f'response="{expected}"' in out
    assert "algorithm=MD5-sess" in out


def test_several_challenges_in_one_value_and_in_several() -> None:
    one = (
        'Basic realm="x, y", Digest realm="r", nonce="1", algorithm=MD5, Digest realm="r", nonce="2", algorithm=SHA-256'
    )
    apart = ['Basic realm="x, y"', 'Digest realm="r", nonce="1"', 'Digest realm="r", nonce="2", algorithm="SHA-256"']
    for headers in (one, apart):
        found = digest.challenges(headers)
        assert [c.scheme for c in found] == ["basic", "digest", "digest"]
        assert found[0].params["realm"] == "x, y"
        best = digest.strongest(headers)
        assert best is not None
        assert best.params["nonce"] == "2"


def test_a_strange_algorithm_falls_back_to_what_is_known() -> None:
    best = digest.strongest('Digest realm="r", nonce="1", algorithm=ROT13, Basic realm="r"')
    assert best is not None
    assert best.scheme == "basic"
    assert digest.strongest("Negotiate YWJj==, NTLM") is None
    assert [c.scheme for c in digest.challenges("Negotiate YWJj==, NTLM")] == ["negotiate", "ntlm"]


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Basic realm=x",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", algorithm=X',
        'Digest realm="r\r\nX-Evil: 1", nonce="n"',
    ],
)
def test_what_cannot_be_answered_is_told(challenge: str) -> None:
    with pytest.raises(digest.ChallengeError):
        digest.authorization(challenge, method="GET", uri="/", user="u", password="p")


def test_loose_firmware_spellings_are_read() -> None:
    (found,) = digest.challenges('DIGEST  Realm = "a\\"b" ,NONCE=bare,stale=TRUE, algorithm="md5"')
    assert dict(found.params) == {"realm": 'a"b', "nonce": "bare", "stale": "TRUE", "algorithm": "md5"}
    assert found.stale
    out = digest.answer(found, method="GET", uri="/", user='q"u', password="p")
    assert 'username="q\\"u"' in out
    assert 'realm="a\\"b"' in out


def test_basic() -> None:
    assert base64.b64decode(digest.basic("用户", "密:码").removeprefix("Basic ")).decode() == "用户:密:码"
    for user in ("a:b", "a\r\nb"):
        with pytest.raises(ValueError, match="Basic"):
            digest.basic(user, "p")


@given(st.text(max_size=300) | st.text(alphabet='Digest realm="n,o\\c=', max_size=300))
def test_no_challenge_breaks_the_parser_or_the_header(text: str) -> None:
    for challenge in digest.challenges(text):
        if challenge.answerable:
            try:
                out = digest.answer(challenge, method="GET", uri="/", user="u", password="p")
            except digest.ChallengeError:
                continue
            assert "\r" not in out
            assert "\n" not in out
