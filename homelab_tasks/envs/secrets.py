"""Random values for a template that says where it wants some: `# generate`, `# generate: hex 32`, `# secret`."""

from __future__ import annotations

import base64
import re
import secrets
import string
import uuid

from msgspec import Struct

from ..errors import Refused

_MARK = re.compile(
    r"#\s*(?:generate|secret)\s*(?::\s*(?P<kind>[a-z0-9]+)(?:\s+(?P<size>\d{1,4}))?)?\s*$", re.IGNORECASE
)
_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASS|SECRET|SECRET_KEY|SECRET_KEY_BASE|ENCRYPTION_KEY|SALT)$", re.IGNORECASE
)
# Secrets that somebody else gives out: a random one would be wrong for certain.
_ISSUED = re.compile(
    r"SMTP|MAIL|VPN|OAUTH|OIDC|CLIENT|API|ACCESS|AWS|S3|GITHUB|GOOGLE|DISCORD|TELEGRAM|WIREGUARD", re.IGNORECASE
)
_MOST = 1024
_LETTERS = string.ascii_letters + string.digits
_SIZES = {"letters": 32, "digits": 8, "hex": 32, "base64": 32, "uuid": 0}


class Recipe(Struct, frozen=True):
    """How a value is made: `size` characters of `letters` or `digits`; `hex` and `base64` of `size` bytes; `uuid`."""

    kind: str = "letters"
    size: int = 32

    def make(self) -> str:
        """A new value, from the system's source of randomness."""
        match self.kind:
            case "hex":
                return secrets.token_hex(self.size)
            case "base64":
                return base64.b64encode(secrets.token_bytes(self.size)).decode()
            case "uuid":
                return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
            case "digits":
                return "".join(secrets.choice(string.digits) for _ in range(self.size))
            case _:
                return "".join(secrets.choice(_LETTERS) for _ in range(self.size))


def marked(comment: str) -> Recipe | None:
    """The recipe that a comment asks for. Raises Refused for one that it does not know."""
    found = _MARK.search(comment)
    if not found:
        return None
    kind = (found["kind"] or "letters").lower()
    size = int(found["size"] or _SIZES.get(kind, 0))
    if kind not in _SIZES or (kind != "uuid" and not 1 <= size <= _MOST):
        known = ", ".join(_SIZES)
        raise Refused(
            f"{found[0].strip()!r} asks for what is not known", move=f"there is {known}, with a size up to {_MOST}"
        )
    return Recipe(kind, size)


def guessed(key: str) -> Recipe | None:
    """The recipe for a key that looks like a secret of one's own, as DB_PASSWORD does and API_KEY does not."""
    return Recipe() if _SECRET.search(key) and not _ISSUED.search(key) else None
