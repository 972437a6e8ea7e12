"""`page` of `service.yaml`: where its web page is, if it has one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .fields import Fields, describe

URL = re.compile(r"https?://[^\s/]+\S*")
LAST = 65535


def read_page(fields: Fields) -> str | None:
    """A URL with `{host}` for the host's address; "" where `page: false` says that it has none; None if nobody says."""
    match fields.any("page"):
        case None:
            return None
        case False:
            return ""
        case int(port) if port is not True and 1 <= port <= LAST:
            return f"http://{{host}}:{port}"
        case str(url) if URL.fullmatch(url) and has_good_port(url):
            return url
        case str(url) if URL.fullmatch(url):
            fields.wrong("page", f"page: {url!r} has no address with a port that can be", PORT_MOVE)
        case value:
            what = f"page: expected a port, a URL or false, found {describe(value)}"
            fields.wrong("page", what, "write e.g. page: 8112, or page: http://{host}:8112/web")
    return None


PORT_MOVE = "a port is a number from 1 to 65535"


def has_good_port(target: str) -> bool:
    """Also of a URL without a port. `{host}` may turn out to be a name, or in brackets an IPv6 address."""
    address = target.replace("[{host}]", "[::1]").replace("{host}", "host")
    try:
        return urlsplit(address if "://" in address else f"//{address}").port != 0
    except ValueError:
        return False
