"""Values that stand for one still to come (`changeme`, `your_token`, `<password>`), and names of secrets."""

from __future__ import annotations

import re

# An extended regular expression for values in lower case, without intervals: awk on the hosts reads it as well.
PATTERN = (
    r"^(<[^<>]+>|\[(your|enter|insert|change)[^]]*\]|\{\{[^{}]+\}\}|__[a-z_]+__|xxx+|\*\*\*+|\.\.\.+|___+|\?\?+"
    r"|(please[-_ ]?)?change[-_ ]?(me|this|it)([-_ !.].*)?|(your|enter|insert|replace|fill)[-_ ].*|replaceme|fixme"
    r"|todo|tbd)$"
)
_PLACEHOLDER = re.compile(PATTERN)
_SECRET = re.compile(
    r"(?:^|_)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|APIKEY|CREDENTIALS?)(?:_?\d+)?$"
    r"|(?:^|_)(?:API|SECRET|ACCESS|PRIVATE|ENCRYPTION|SIGNING|AUTH|MASTER|PRESHARED|APP|LICENSE)_?KEY(?:_BASE)?(?:_?\d+)?$"
    r"|PASSWORD$|SECRET$|TOKEN$",
    re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Whether a person has to put another value in its place."""
    return _PLACEHOLDER.fullmatch(value.lower()) is not None


def names_a_secret(key: str) -> bool:
    """A variable of this name usually holds a secret: DB_PASSWORD, API_KEY; not PASSWORD_FILE."""
    return _SECRET.search(key.replace("-", "_").replace(".", "_")) is not None
