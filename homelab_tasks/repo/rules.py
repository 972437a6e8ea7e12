"""The rules that reading a repo checks: every problem that the loader finds carries one of these codes."""

from __future__ import annotations

from ..problem import Rule, Severity

_ERROR, _WARNING, _NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE

NOT_YAML = Rule("R001", "not-yaml", _ERROR, "a file is not valid YAML")
UNREADABLE = Rule("R002", "unreadable-file", _ERROR, "a file cannot be read as text")
DOUBLE_KEY = Rule("R003", "double-key", _ERROR, "a key is given twice in one mapping")
TOO_LARGE = Rule("R004", "too-large", _ERROR, "a file, its nesting or what its aliases expand to is too large")
WRONG_VALUE = Rule("R005", "wrong-value", _ERROR, "a value is not what its key wants")
UNKNOWN_KEY = Rule("R006", "unknown-key", _ERROR, "a key of hosts.yaml or service.yaml that nobody reads")
NO_HOST = Rule("R007", "no-host", _ERROR, "hosts.yaml names no host, or a service has none or several to choose from")

SERVICE_NAME = Rule("R010", "service-name", _ERROR, "a folder's name is no service name")
DOUBLE_SERVICE = Rule("R011", "double-service", _ERROR, "two folders are the same service")
NO_COMPOSE = Rule("R012", "no-compose-file", _ERROR, "a service.yaml without a compose file beside it")
NO_CONTAINER = Rule("R013", "no-container", _ERROR, "a compose file without services")
NO_SERVICE = Rule("R014", "no-service", _NOTICE, "the repo has no service yet")
SHADOWED = Rule("R015", "shadowed-file", _NOTICE, "a compose file that Compose does not read")

UNKNOWN_HOST = Rule("R020", "unknown-host", _ERROR, "a host that hosts.yaml does not list")
UNKNOWN_TAG = Rule("R021", "unknown-tag", _ERROR, "a tag, or several together, that no host has")
UNKNOWN_GROUP = Rule("R022", "unknown-group", _ERROR, "a group that hosts.yaml does not list")
UNKNOWN_SERVICE = Rule("R023", "unknown-service", _ERROR, "depends_on names no service")

CYCLE = Rule("R030", "dependency-cycle", _ERROR, "services that need one another, directly or not")
GROUP_CYCLE = Rule("R031", "group-cycle", _ERROR, "groups that come after one another")
LEFT_OUT = Rule("R032", "left-out-of-the-order", _WARNING, "an inferred dependency that would close a cycle")
NO_OWNER = Rule("R033", "no-owner", _NOTICE, "something shared that no single service here makes")
UNMADE = Rule("R035", "unmade-network", _WARNING, "an external network that neither a service nor hosts.yaml makes")
UNKNOWN_NAME = Rule("R034", "unknown-name", _NOTICE, "a name with a variable that has no value here")

PROJECT_CLASH = Rule("R040", "project-clash", _ERROR, "two services of one compose project on a host")
PROJECT_NAME = Rule("R041", "project-name", _ERROR, "a name: that Compose does not take")
STRUCTURE = Rule("R042", "compose-structure", _ERROR, "a compose file has another shape than Compose wants")
CIRCLE = Rule("R043", "circle", _ERROR, "include or extends goes in a circle")
NOT_THERE = Rule("R044", "not-there", _ERROR, "include or extends names what is not there")

RULES = tuple(rule for rule in list(globals().values()) if isinstance(rule, Rule))
