"""What may be a password: length counts, composition does not, the worst are refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.access.password import MAX_CHARACTERS, MIN_CHARACTERS, normal, unfit
from camkeeper.access.secret import digest_of, new_password, new_secret, new_token


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "大郭镇的柳树很高很高", "nnnn mmmm", "        x", "zxcvbnm,.qp", "3.14159265"],
)
def test_no_composition_is_asked_for(password: str) -> None:
    assert unfit(password, name="admin") is None


@pytest.mark.parametrize(
    "password",
    [
        *("", "short", "seven77", "x" * 129, "password", "PassWord", "12345678", "87654321", "aaaaaaaa", "abababab"),
        *(
            "qwertyuiop",
            "poiuytrewq",
            "admin123",
            "camkeeper",
            "abcdefgh",
            "Admin-2024",
            "ＰＡＳＳＷＯＲＤ",
            "1234567890",
        ),
    ],
)
def test_what_is_guessed_first_is_refused_with_a_reason(password: str) -> None:
    told = unfit(password, name="Admin")
    assert told is not None
    assert told.zh
    assert told.en


@given(st.text(max_size=200))
def test_length_is_counted_in_characters_after_normal_form(password: str) -> None:
    length = len(unicodedata.normalize("NFKC", password))
    if not MIN_CHARACTERS <= length <= MAX_CHARACTERS:
        assert unfit(password, name="admin") is not None


@given(st.text(max_size=60))
def test_one_password_however_it_is_composed(password: str) -> None:
    for form in ("NFC", "NFD"):
        assert normal(unicodedata.normalize(form, password)) == normal(password)


def test_what_we_make_is_fit_and_never_twice_the_same() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    assert all(unfit(password, name="admin") is None for password in made)
    assert not set("".join(made)) & set("ilo01"), "told by telephone"
    assert len({digest_of(new_secret()) for _ in range(200)}) == 200
    assert all(len(new_token()) == 3 + 43 for _ in range(20))
