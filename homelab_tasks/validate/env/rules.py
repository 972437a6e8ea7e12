"""The rules about variables and env files; no sentence of theirs ever holds a value."""

from __future__ import annotations

from ...problem import Rule, Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

NOT_IN_TEMPLATE = Rule("E001", "variable-not-in-template", _ERROR, "a variable that no default and no template gives")
NO_TEMPLATE = Rule("E002", "no-template", _ERROR, "variables without a default, and no template that names them")
NOT_PASSED_ON = Rule("E003", "nothing-to-pass-on", _WARNING, "a container is given a variable that no template gives")
UNUSED_KEY = Rule("E004", "unused-key", _WARNING, "a key of the template that nothing uses")
NO_ENV_FILE = Rule("E005", "no-env-file", _ERROR, "an env_file that is not in the repo and has no template")
KEY_TWICE = Rule("E006", "key-twice", _WARNING, "a key is given twice in one env file")
CHOSEN = Rule("E007", "compose-file-chosen", _WARNING, "COMPOSE_FILE names other compose files than the folder's")

LACKS_KEY = Rule("E010", "env-lacks-key", _ERROR, "the .env lacks a key that the stack needs")
LACKS_OTHER = Rule("E011", "env-lacks-template-key", _WARNING, "the .env lacks a key that containers are to get")
EXTRA_KEY = Rule("E012", "extra-key", _WARNING, "the .env has a key that neither template nor stack knows")
EMPTY_REQUIRED = Rule("E013", "empty-required", _ERROR, "a key is empty where Compose stops without a value")
PLACEHOLDER_LEFT = Rule("E014", "placeholder-left", _WARNING, "the .env still has the template's placeholder")

DOLLAR = Rule("E020", "dollar-in-value", _ERROR, "a $ in a value starts a variable that has no value")
HASH = Rule("E021", "hash-in-secret", _WARNING, "a secret is cut off at a space and #")
COMMENT_AS_VALUE = Rule("E022", "comment-as-value", _WARNING, "a comment behind a key is its value, or part of it")
AFTER_QUOTE = Rule("E023", "text-after-quote", _WARNING, "text behind a closing quote is read as another variable")
SWALLOWED_LINES = Rule("E024", "swallowed-lines", _WARNING, "a quote reaches over lines that set other variables")
ESCAPE = Rule("E025", "escape-in-quotes", _WARNING, "a backslash in double quotes makes a control character")
QUOTES = Rule("E027", "quotes-in-list", _WARNING, "quotes inside an item of environment: are part of the value")
NO_NAME = Rule("E026", "value-without-name", _ERROR, "a value without a name")

STOPS = Rule("E030", "env-stops-compose", _ERROR, "a line at which Compose stops")
NO_ENV_FORMAT = Rule("E031", "not-an-env-file", _ERROR, "a file in another format than that of env files")
UNREADABLE = Rule("E032", "unreadable-env-file", _ERROR, "an env file that is too large or not UTF-8")

MODE = Rule("E040", "env-readable-by-others", _WARNING, "other users of this machine can read a .env")
TRACKED = Rule("E041", "env-tracked", _ERROR, "Git tracks a .env")
NOT_IGNORED = Rule("E042", "env-not-ignored", _WARNING, "Git does not ignore a .env")
TEMPLATE_IGNORED = Rule("E043", "template-ignored", _ERROR, "Git ignores the template")

SECRET = Rule("E050", "secret-in-git", _ERROR, "what looks like a real secret, in a file that is committed")

RULES: tuple[Rule, ...] = tuple(
    sorted((rule for rule in list(vars().values()) if isinstance(rule, Rule)), key=lambda rule: rule.code)
)
