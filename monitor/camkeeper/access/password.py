"""What may be a password: the rules of NIST SP 800-63B. Length counts, composition does not. Pure.

8 to 128 characters after NFKC, none of the worst, no row of one character or of neighbours, not the account's name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MIN_CHARACTERS = 8
MAX_CHARACTERS = 128

_WORST = frozenset(
    """
    password password1 password12 password123 passw0rd p@ssw0rd p@ssword passwort 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
    1qaz2wsx3edc 1qazxsw2 qwertyuiop qwerty123 qwerty12 qwer1234 q1w2e3r4 asdfghjk asdfghjkl asdf1234 zxcvbnm1
    zxcvbnm123 zaq12wsx abc12345 abcd1234 abc123456 a1234567 a12345678 a123456789 aa123456 aa12345678 aaa111111
    admin123 admin1234 admin12345 admin123456 admin@123 administrator adminadmin root1234 root123456 rootroot
    changeme changeit letmein1 welcome1 welcome123 iloveyou iloveyou1 sunshine princess football baseball superman
    trustno1 dragon123 monkey123 master123 whatever computer internet starwars michelle jennifer samsung1 michael1
    woaini1314 woaini520 woaini123 5201314520 5201314a 1314520a 520131400 11223344 112233445566 12341234 12344321
    123321123 123123123 123454321 147258369 147852369 159357258 159753456 741852963 789456123 963852741 987654321a
    12345678a 123456789a 1234567890a 123456aa 123456abc 123qweasd 123qwe123 1qazwsxedc qazwsxedc qweasdzxc qwe123456
    88888888a 66666666a 168168168 518518518 100200300 20082008 20202020 china123 beijing1 zhongguo wangyang taobao123
    hikvision hik12345 hik123456 dahua123 admin888 admin666 camera123 camkeeper camkeeper1 camkeeper123 monitor123
    test1234 test123456 testtest guest123 user1234 demo1234 default1 secret123 system123 oracle123 p@55w0rd
    1234qwer 4321rewq 0p9o8i7u 00000000a 12qwaszx 1234abcd abcdefg1 qq123456 qq123456789 xiaoming zhang123 wang1234
    """.split()  # noqa: SIM905 - people read it
)
_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why something is no password; for people."""

    zh: str
    en: str


def normal(password: str) -> str:
    """Return what is hashed: the same characters, however a keyboard composes them (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def unfit(password: str, *, name: str) -> Unfit | None:
    """Return why this is no password for the account `name`; None where it may be one."""
    text = normal(password)
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS:
        return Unfit(
            zh=f"密码需 {MIN_CHARACTERS} 至 {MAX_CHARACTERS} 个字符，空格和汉字也可以",
            en=f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters; spaces and any letters will do",
        )
    plain = text.casefold()
    owner = normal(name).casefold().strip()
    if owner and owner in plain and len(plain.replace(owner, "").strip("0123456789 .-_@!#")) == 0:
        return Unfit(zh="密码不能就是账户名", en="A password can't be the account's name")
    if plain in _WORST or _is_row(plain):
        return Unfit(
            zh="这个密码太常见，最先被猜到；请换一个，几个不相干的词连起来就很好",
            en="This password is among the first that are guessed; a few unrelated words make a good one",
        )
    return None


def _is_row(text: str) -> bool:
    """Tell whether it is one piece over and over, or neighbours on the keyboard or in the alphabet."""
    if any(text == (text[:n] * len(text))[: len(text)] for n in (1, 2, 3)):
        return True
    return any(text in row * 2 or text[::-1] in row * 2 for row in _ROWS)
