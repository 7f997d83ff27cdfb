"""Sign-in through an identity provider: OpenID Connect's code flow with PKCE, for one configured provider.

It sends people there, judges what comes back, and says whom the provider vouches for. Sessions are those of
`camkeeper.access`.
`token` needs the optional packages (`camkeeper[oidc]`); it is imported when somebody signs in this way, not before.
"""

from camkeeper.oidc.outside import Outside
from camkeeper.oidc.refusal import Refusal

__all__ = ["Outside", "Refusal"]
