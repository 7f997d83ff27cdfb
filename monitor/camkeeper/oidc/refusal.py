"""Why somebody is not let in: a word for the log, a sentence for people. What a provider wrote is in neither."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from camkeeper.standing.access import NotSignedIn


class Refusal(StrEnum):
    """The reasons."""

    OFF = "off"
    """None is configured (any more)."""
    STALE = "stale"
    """No cookie of ours, one that is too old, or one that was used."""
    WRONG_STATE = "wrong_state"
    """The answer is not to this browser's question."""
    MIXED_UP = "mixed_up"
    """Another issuer's answer."""
    DENIED = "denied"
    """The provider let nobody through."""
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """It does not answer, or not in time."""
    UNFIT = "unfit"
    """What it published cannot be used: no https, another host, too large, unreadable."""
    CODE_REFUSED = "code_refused"
    """It did not take the code: used before, or not from it; or it does not know us."""
    NO_SECRET = "no_secret"  # noqa: S105
    BAD_SIGNATURE = "bad_signature"
    BAD_ALGORITHM = "bad_algorithm"
    BAD_CLAIMS = "bad_claims"
    """Issuer, audience, times, nonce or subject are not as they must be."""
    NO_NAME = "no_name"
    NO_ROLE = "no_role"
    NO_SITES = "no_sites"
    NO_CONTRACTOR = "no_contractor"


class ProviderError(Exception):
    """The provider, or what came from it, cannot be trusted or had. `detail` is ours, for the log; no secret in it."""

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else str(why))
        self.why, self.detail = why, detail


_AGAIN = ("登录已过时或已用过，请再试一次", "This sign-in is too old, or was used; please try again")
_NOT_SURE = (
    "统一认证的答复未通过核验，没有登录；请找管理员查看审计日志",
    "The identity provider's answer did not pass our checks, so you are not signed in; ask your admin to see the audit",
)
_DOWN = (
    "统一认证现在无法使用；有本地密码的可以用密码登录",
    "The identity provider cannot be used now; who has a password here can use it",
)
_SAID: Mapping[Refusal, tuple[str, str]] = {
    Refusal.OFF: ("没有配置统一认证", "No identity provider is configured"),
    Refusal.STALE: _AGAIN,
    Refusal.WRONG_STATE: _AGAIN,
    Refusal.DENIED: ("统一认证没有放行", "The identity provider did not let you through"),
    Refusal.BUSY: ("正在登录的人太多，请稍后再试", "Too many people are signing in; try again shortly"),
    Refusal.UNREACHABLE: _DOWN,
    Refusal.UNFIT: _DOWN,
    Refusal.NO_SECRET: _DOWN,
    Refusal.CODE_REFUSED: (
        "统一认证不认这次登录，请再试一次",
        "The identity provider does not take this sign-in; please try again",
    ),
    Refusal.NO_NAME: (
        "统一认证没有给出账号名，不能登录；请找管理员",
        "The identity provider gave no name for you, so you cannot come in; ask your admin",
    ),
    Refusal.NO_ROLE: (
        "您在统一认证中没有本系统的角色，不能登录；请找管理员",
        "The identity provider gives you no role here, so you cannot come in; ask your admin",
    ),
    Refusal.NO_SITES: (
        "统一认证没有说明您管哪些地点，不能登录；请找管理员",
        "The identity provider does not say which places are yours, so you cannot come in; ask your admin",
    ),
    Refusal.NO_CONTRACTOR: (
        "统一认证没有说明您属于哪个维保单位（或不止一个），不能登录；请找管理员",
        "The identity provider does not say which one contractor you are of, so you cannot come in; ask your admin",
    ),
}


def told(why: Refusal) -> NotSignedIn:
    """Return the sentence. Which check failed is the log's to say, not the page's."""
    zh, en = _SAID.get(why, _NOT_SURE)
    return NotSignedIn(zh=zh, en=en, retry_after_s=5 if why is Refusal.BUSY else 0, why=why.value)
