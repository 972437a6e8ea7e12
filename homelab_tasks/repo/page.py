"""`page` of `service.yaml`: where its web page is, if it has one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import suggestion
from .fields import Fields, describe

URL = re.compile(r"https?://[^\s/]+\S*")
LAST = 65535
_PLACEHOLDER = re.compile(r"\{+[\w.-]*\}+")
_OURS = r"\{host\}"
_OF_HOMEPAGE = r"\{\{HOMEPAGE_(VAR|FILE)_\w+\}\}"  # Homepage puts its own variables there


def read_page(fields: Fields) -> str | None:
    """A URL with `{host}` for the host's address; "" where `page: false` says that it has none; None if nobody says."""
    match fields.any("page"):
        case None:
            return None
        case False:
            return ""
        case int(port) if port is not True and 1 <= port <= LAST:
            return f"http://{{host}}:{port}"
        case str(url) if URL.fullmatch(url):
            return url if is_good_address(fields, "page", url, for_homepage=True) else None
        case value:
            what = f"page: expected a port, a URL or false, found {describe(value)}"
            fields.wrong("page", what, "write e.g. page: 8112, or page: http://{host}:8112/web")
    return None


def is_good_address(fields: Fields, key: str, target: str, *, for_homepage: bool = False) -> bool:
    """Else what is wrong with it is noted: a placeholder for which nobody puts anything, or a port that cannot be."""
    filled = re.compile(rf"{_OURS}|{_OF_HOMEPAGE}" if for_homepage else _OURS)
    strange = [word for word in _PLACEHOLDER.findall(target) if not filled.fullmatch(word)]
    if strange:
        known = ["{host}", *(["{{HOMEPAGE_VAR_NAME}}"] if for_homepage else [])]
        fields.wrong(key, f"{key}: no placeholder {strange[0]!r}", suggestion(strange[0], known, "placeholder"))
    elif not _has_good_port(target):
        what = f"{key}: {target!r} has no address with a port that can be"
        fields.wrong(key, what, f"a port is a number from 1 to {LAST}")
    else:
        return True
    return False


def _has_good_port(target: str) -> bool:
    """Also of a URL without a port. `{host}` may turn out to be a name, or in brackets an IPv6 address."""
    address = target.replace("[{host}]", "[::1]").replace("{host}", "host")
    try:
        return urlsplit(address if "://" in address else f"//{address}").port != 0
    except ValueError:
        return False
