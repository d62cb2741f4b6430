"""Finds secrets in plain text, and decides which texts a message may quote.

An arbitrary password looks like an ordinary wrong value (`gateway: {host: hunter2}`). So both the
position and the text decide, and in doubt the text is hidden:

- A position is closed if a key above it is named like a credential (`token`, `auth`,
  `client-key-data`), holds free text (`env`, `args`), or is unknown. `redaction` finds these.
- A text is quoted only if it is `plain`: one short line of ordinary characters that matches no
  pattern of a credential and does not look random.
- Long text is never quoted, and neither is text in a map whose keys are not known. `shown`
  describes such values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.config.mistakes import Mistake

#: Replaces a value that is not quoted.
HIDDEN = "(hidden)"
#: What was expected if the path of a kubeconfig is a kubeconfig's content, and the fix.
KUBECONFIG_CONTENT = (
    "the path of a kubeconfig, or `{secret: name}`; this is a kubeconfig's content",
    (
        "write it to a file and name that, as `kubeconfig: ~/.kube/config`; or run "
        "`pulumi config set --path --secret 'secrets.kubeconfig' < FILE` and write "
        "`kubeconfig: {secret: kubeconfig}`. Replace a token, key or password in it: it has been "
        "in the stack file"
    ),
)
#: The longest text that is quoted. Paths and bucket URLs are shorter, certificates are longer.
_LONGEST = 100
#: The shortest text that any of `_PATTERNS` matches, except for a password in an address.
_SHORTEST = 14
#: Keys that name the kind of a map. The other keys of the map depend on the kind.
_KINDS = frozenset({"kind", "runtime"})
_PATTERNS = {
    "a private key": re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "an Alibaba Cloud access key": re.compile(r"\bLTAI[A-Za-z0-9]{12,26}\b"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}"),
    "a GitHub token": re.compile(r"\bgh[oprsu]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}"),
    "a GitLab token": re.compile(r"\bgl(agent|cbt|dt|ft|imt|oas|pat|ptt|rt|soat)-[\w=-]{20,}"),
    "a Hugging Face token": re.compile(r"\b(hf_|api_org_)[A-Za-z0-9]{30,}"),
    "a token": re.compile(
        r"\b(xox[abeoprs]-[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{20,}|hvs\.[\w-]{20,}|"
        r"dckr_(pat|oat)_[\w-]{20,}|nvapi-[\w-]{40,}|sk-(ant-\w+-|proj-)?[A-Za-z0-9]{20,}|"
        r"pul-[0-9a-f]{40})"
    ),
    "a kubeconfig with credentials": re.compile(r"client-key-data[\"']?\s*:"),
    "a registry's credentials": re.compile(r"[\"']auth[\"']\s*:\s*[\"'][A-Za-z0-9+/=]{8,}"),
    "a bearer token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\."),
    "a password in an address": re.compile(r"://[^/\s:@]*:[^/\s@]+@"),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: More consecutive consonants than names have.
_CONSONANTS = re.compile(r"(?i)[b-df-hj-np-tv-xz]{5}")
#: Words in the name of a key whose value may be a credential.
_CREDENTIALS = frozenset(
    {"auth", "authentication", "authorization", "auths", "basic", "bearer", "cookie", "cookies"}
    | {"creds", "credential", "credentials", "dockerconfigjson", "jwt", "key", "keys", "login"}
    | {"oauth", "passphrase", "passwd", "password", "passwords", "pass", "pat", "pin", "pw"}
    | {"pwd", "secret", "secrets", "session", "signature", "token", "tokens"}
)
#: Keys of maps in which only some keys may hold a credential.
_NAMES = frozenset({"pull_secrets"})
#: The same words in a name without boundaries between words: `dbpassword`, `APITOKEN`.
_CREDENTIAL_PARTS = re.compile(
    r"password|passwd|passphrase|secret|token|credential|bearer|"
    r"(api|access|private|account|ssh|encryption)key|keydata|certificatedata"
)
#: Keys whose values are free text, such as flags and variables of a program: `--api-key=…`.
_FREE_TEXT = frozenset(
    {"annotations", "arg", "args", "argument", "arguments", "command", "env", "environment"}
)
#: `--password hunter2`, `token: hunter2`, `PGPASSWORD=hunter2`, `Authorization: hunter2`.
_ASSIGNMENT = re.compile(
    r"(?i)(pass(word|wd|phrase)?|pwd|secret|token|credentials?|auth(orization)?|cookie|signature|"
    r"\b(bearer|basic)|"
    r"(\b|[_-]|api|access|account|private)key([_-]?data)?)[\"']?(\s*[=:]|\s+)\s*[\"']?\S"
)
#: `user:password@host`, or `token@host` after a scheme; but not the digest of an image.
_USER_IN_ADDRESS = re.compile(r"://[^/\s]*@|:[^\s]*@(?!sha256:)")
#: Characters of ordinary values, valid or not. Shell commands, queries and templates have others,
#: and JSON begins with another.
_ORDINARY = re.compile(r"(?![{\[])[\w ./:@,=+*%<>~()\[\]{}\"'…-]*")
_KUBECONFIG_KEYS = re.compile(
    r"(?<![\w-])[\"']?(apiVersion|clusters|contexts|current-context|users)[\"']?\s*:"
)
#: `apiVersion` and `{"apiVersion` in base64, the form in which CI systems store a kubeconfig.
_ENCODED_KUBECONFIG = re.compile(r"\s*(YXBpVmVyc2lvb|eyJhcGlWZXJzaW9u|eyAiYXBpVmVyc2lvb)")


def secret_in(text: str) -> str | None:
    """What kind of secret `text` contains for certain; None if it contains none."""
    return next((what for what, pattern in _PATTERNS.items() if pattern.search(text)), None)


def plain(text: str, longest: int = _LONGEST) -> bool:
    """Whether `text` may be quoted in an open position: it is one line of at most `longest`
    ordinary characters, contains no pattern of a credential, and does not look random."""
    return (
        len(text) <= longest
        and bool(_ORDINARY.fullmatch(text))
        and not _USER_IN_ADDRESS.search(text)
        and not _ASSIGNMENT.search(text)
        and not _random(text)
        and (len(text) < _SHORTEST or not secret_in(text))
    )


def _random(text: str) -> bool:
    """Whether `text` looks random: it is a UUID, or changes between lower case, upper case and
    digits more often than names do. `EfficientNetB0`, `m7i.24xlarge`, `mobilenetv3large075` and
    `10.0.0.0/8` do not look random. Keys in hexadecimal, base32 and base64 do, and so do
    identifiers of AWS."""
    total = 0
    for run in re.findall(r"[A-Za-z0-9]+", text):
        words = _WORDS.findall(run)
        breaks = len(words) - 1
        total += breaks
        # Characters for each change. `ResNet50V2` has four words in ten characters, and half of the
        # words in base64 are single characters.
        usual = 4 if run.isalpha() else 3 if len(run) > 11 else 2.5
        if len(run) >= 8 and breaks * usual > len(run):
            return True
        if _long(run, words) and len(set(run)) > 4:
            return True
    return total > 6 or bool(_UUID.search(text))


def _long(run: str, words: list[str]) -> bool:
    """Whether `run`, which consists of the `words`, is longer than letters and digits in names."""
    longest = max(words, key=len)
    if run.isdigit():
        return len(run) > 12  # the id of an AWS account has twelve
    if run.isalpha() or len(words) < 3:
        return len(longest) > 20 or (len(run) > 24 and len(words) * 6 > len(run))
    named = longest[-1].islower() and len(longest) * 2 >= len(run)
    named = named and not _CONSONANTS.search(longest)
    return len(run) > (24 if named else 12)


def credential_named(key: str) -> bool:
    """Whether the name of `key` suggests that its value is a credential or free text."""
    if key in _NAMES:
        return False
    words = {word.lower() for word in _WORDS.findall(key)}
    joined = re.sub(r"[\W_]", "", key).lower()
    return bool(
        words & (_CREDENTIALS | _FREE_TEXT)
        or joined in _CREDENTIALS
        or _CREDENTIAL_PARTS.search(joined)
    )


def quoted(text: str) -> str:
    """`text` in backticks if it is `plain`, else `HIDDEN`."""
    return f"`{text}`" if plain(text) else HIDDEN


def shown(value: Any, keys: Mapping[int, Collection[str]] | None = None) -> str:
    """A value in one short line: a description if it is long, and `(hidden)` if its text may be a
    credential. `redaction` hides values whose position suggests one.

    In a map, keys, numbers and the text under known keys are quoted. `keys` holds the known keys,
    by the map's id.
    """
    text = json.dumps(_abridged(value, keys or {}), default=str, ensure_ascii=False)
    if isinstance(value, dict | list | tuple):
        if len(text) <= _LONGEST:
            return f"`{text}`"
        what, parts = ("map", "keys") if isinstance(value, dict) else ("list", "entries")
        return f"a {what} with {len(value)} {parts}"
    if not isinstance(value, str) or plain(value):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    lines = len(value.strip().splitlines())
    if lines > 1:
        return f"text of {lines} lines"
    return f"text of {len(value)} characters" if len(value) > _LONGEST else HIDDEN


def _abridged(value: Any, keys: Mapping[int, Collection[str]], *, quote: bool = True) -> Any:
    """`value` with `…` in place of texts that may not be quoted; of all texts without `quote`."""
    if isinstance(value, dict):
        known = keys.get(id(value), _KINDS)
        return {
            key if plain(key) else HIDDEN: _abridged(
                inner, keys, quote=key in known and not credential_named(key)
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_abridged(each, keys, quote=quote) for each in value]
    if few_digits(value) or (quote and (not isinstance(value, str) or plain(value))):
        return value
    return "…"


def few_digits(value: Any) -> bool:
    """Whether `value` is true, false, null, or a number with fewer digits than a PIN."""
    if isinstance(value, str):
        return value.isdigit() and len(value) < 4
    return isinstance(value, bool | None) or len(str(value)) < 4


def kubeconfig_content(value: Any) -> bool:
    """Whether `value` is the content of a kubeconfig: a map, or its text in YAML, JSON or
    base64."""
    if isinstance(value, dict):
        text = " ".join(f"{key}:" for key in value)
    elif isinstance(value, str):
        if _ENCODED_KUBECONFIG.match(value):
            return True
        text = value
    else:
        return False
    return len(set(_KUBECONFIG_KEYS.findall(text))) > 1


def yaml_fault(error: Exception) -> str:
    """The problem and the line of PyYAML's `error`, without the text of the file, which the error's
    own message quotes."""
    mark = getattr(error, "problem_mark", None)
    # An unquoted password that begins with `!` or `*` is a tag or an alias, which PyYAML quotes.
    problem = re.sub(r"(['\"]).*\1", "…", getattr(error, "problem", None) or "it is malformed")
    return f"{problem} in line {mark.line + 1}" if mark else problem


def mistakes(
    raw: Mapping[str, Any], secret_keys: set[str], plaintext: set[str]
) -> Iterator[Mistake]:
    """Secrets in plain text in the values of a stack file, and keys that are secret and should not
    be.

    `secret_keys` holds the top-level keys that Pulumi treats as secret. `plaintext` holds the names
    in `slipway:secrets` whose values are not encrypted in the stack file.
    """
    for key in sorted(secret_keys - {"secrets"}):
        yield Mistake(
            path=f"slipway:{key}",
            shown="secret",
            expected="plain values: one secret hides the whole map from previews",
            fix="write it in plain text, and its secret parts under slipway:secrets, to which keys "
            "that take a secret refer",
        )
    secrets = raw.get("secrets")
    named = secrets if isinstance(secrets, dict) else {}
    exposed = set(named) if "secrets" not in secret_keys else plaintext & set(named)
    for name in sorted(exposed):
        yield Mistake(
            path=f"slipway:secrets.{name}",
            shown="in plain text",
            expected="an encrypted value",
            fix=f"run {set_secret(name if plain(name) else 'NAME')}, and change the secret: it has "
            "been in a file",
        )
    readable = {key: raw[key] for key in raw if key != "secrets" and key not in secret_keys}
    for path, value in _walk(readable):
        what = secret_in(value) if isinstance(value, str) else None
        if what:
            yield Mistake(
                path=path,
                shown=f"{what} in plain text",
                expected="no secret here",
                fix="take it out and change it, since it has been in a file; keys that take a secret "
                "refer to one of slipway:secrets by its name",
            )
        for key in value if isinstance(value, dict) else ():
            if what := secret_in(key):
                yield Mistake(
                    path=f"{path}.{key}",
                    shown=f"{what} in plain text",
                    expected="no secret here",
                    fix="take it out, and change the secret: it has been in a file",
                )


def set_secret(name: str) -> str:
    """The command that sets a value of `slipway:secrets`."""
    return f"`pulumi config set --path --secret 'secrets.{name}'`"


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else f"slipway:{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")
