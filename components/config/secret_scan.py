"""Which texts may be repeated in a message: none that may be a credential.

Nothing tells an arbitrary password from an ordinary wrong value (`gateway: {host: hunter2}`), so
both the position and the text decide, and in doubt the text is hidden:

- A position is closed where a key above it is named like a credential (`token`, `auth`,
  `client-key-data`), holds free text (`env`, `args`), or is unknown. `redaction` finds these.
- A text is quoted only where it is `plain`: one short line of ordinary characters that no
  pattern of a credential matches and that does not look random.
- Long text is never quoted, nor is the text in a map whose keys are not known: `shown` says
  what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.config.mistakes import Mistake

#: Stands in place of what is not repeated.
HIDDEN = "(hidden)"
#: What was expected in the place of a kubeconfig's path, and the fix.
KUBECONFIG_CONTENT = (
    "the path of a kubeconfig, or `{secret: name}`; this is a kubeconfig's content",
    (
        "write it to a file and name that, as `kubeconfig: ~/.kube/config`; or run "
        "`pulumi config set --path --secret 'secrets.kubeconfig' < FILE` and write "
        "`kubeconfig: {secret: kubeconfig}`. Replace a token, key or password in it: it has been "
        "in the stack file"
    ),
)
#: The longest text that is quoted. Paths and URLs of buckets are shorter, certificates are not.
_LONGEST = 100
#: The shortest text that `_PATTERNS` match, where they are not of a password in an address.
_SHORTEST = 14
#: Keys that name a kind in a map whose other keys are not known while it names none.
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
#: More in a row than names have.
_CONSONANTS = re.compile(r"(?i)[b-df-hj-np-tv-xz]{5}")
#: Words of a key's name that say that its value may be a credential.
_CREDENTIALS = frozenset(
    {"auth", "authentication", "authorization", "auths", "basic", "bearer", "cookie", "cookies"}
    | {"creds", "credential", "credentials", "dockerconfigjson", "jwt", "key", "keys", "login"}
    | {"oauth", "passphrase", "passwd", "password", "passwords", "pass", "pat", "pin", "pw"}
    | {"pwd", "secret", "secrets", "session", "signature", "token", "tokens"}
)
#: Keys that name Secrets, and whose own keys say where a credential may stand.
_NAMES = frozenset({"pull_secrets"})
#: The same without the boundary between words: `dbpassword`, `APITOKEN`.
_CREDENTIAL_PARTS = re.compile(
    r"password|passwd|passphrase|secret|token|credential|bearer|"
    r"(api|access|private|account|ssh|encryption)key|keydata|certificatedata"
)
#: Keys whose values are any text, as a program's options and variables are: `--api-key=…`.
_FREE_TEXT = frozenset(
    {"annotations", "arg", "args", "argument", "arguments", "command", "env", "environment"}
)
#: `--password hunter2`, `token: hunter2`, `PGPASSWORD=hunter2`, `Authorization: hunter2`.
_ASSIGNMENT = re.compile(
    r"(?i)(pass(word|wd|phrase)?|pwd|secret|token|credentials?|auth(orization)?|cookie|signature|"
    r"\b(bearer|basic)|"
    r"(\b|[_-]|api|access|account|private)key([_-]?data)?)[\"']?(\s*[=:]|\s+)\s*[\"']?\S"
)
#: `user:password@host`, or `token@host` behind a scheme; an image's digest stands so too.
_USER_IN_ADDRESS = re.compile(r"://[^/\s]*@|:[^\s]*@(?!sha256:)")
#: Characters of ordinary values, right and wrong. Those of shells, queries and templates are not,
#: and a map in JSON begins with another.
_ORDINARY = re.compile(r"(?![{\[])[\w ./:@,=+*%<>~()\[\]{}\"'…-]*")
_KUBECONFIG_KEYS = re.compile(
    r"(?<![\w-])[\"']?(apiVersion|clusters|contexts|current-context|users)[\"']?\s*:"
)
#: `apiVersion` and `{"apiVersion` in base64, as CI systems are given a kubeconfig.
_ENCODED_KUBECONFIG = re.compile(r"\s*(YXBpVmVyc2lvb|eyJhcGlWZXJzaW9u|eyAiYXBpVmVyc2lvb)")


def secret_in(text: str) -> str | None:
    """What secret `text` certainly holds, None where it holds none."""
    return next((what for what, pattern in _PATTERNS.items() if pattern.search(text)), None)


def plain(text: str, longest: int = _LONGEST) -> bool:
    """Whether `text` may be quoted, where its position is open: it is at most `longest` ordinary
    characters in one line, no pattern of a credential is in it, and it does not look random."""
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
    `10.0.0.0/8` do not; keys in hexadecimal, base32 and base64 do, and so do the identifiers of
    AWS."""
    total = 0
    for run in re.findall(r"[A-Za-z0-9]+", text):
        words = _WORDS.findall(run)
        breaks = len(words) - 1
        total += breaks
        # `ResNet50V2` has four in ten characters, half of those in base64 are one.
        usual = 4 if run.isalpha() else 3 if len(run) > 11 else 2.5
        if len(run) >= 8 and breaks * usual > len(run):
            return True
        if _long(run, words) and len(set(run)) > 4:
            return True
    return total > 6 or bool(_UUID.search(text))


def _long(run: str, words: list[str]) -> bool:
    """Whether `run`, letters and digits that are the `words`, is longer than one of a name."""
    longest = max(words, key=len)
    if run.isdigit():
        return len(run) > 12  # an account of AWS has twelve
    if run.isalpha() or len(words) < 3:
        return len(longest) > 20 or (len(run) > 24 and len(words) * 6 > len(run))
    named = longest[-1].islower() and len(longest) * 2 >= len(run)
    named = named and not _CONSONANTS.search(longest)
    return len(run) > (24 if named else 12)


def credential_named(key: str) -> bool:
    """Whether the name of `key` says that its value may be a credential, or any text."""
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
    """`text` in backticks where it is `plain`."""
    return f"`{text}`" if plain(text) else HIDDEN


def shown(value: Any, keys: Mapping[int, Collection[str]] | None = None) -> str:
    """A value in one short line: what it is where it is long, and `(hidden)` where it may be a
    credential by itself. `redaction` hides what may be one by its position.

    Of a map only keys and numbers are quoted, and text under keys that are known: `keys` says
    which, by the map's id.
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
    """`value` with `…` for text in it that may not be quoted, or is not to be."""
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
    """Whether `value` is true, false or null, or a number with fewer digits than a PIN."""
    if isinstance(value, str):
        return value.isdigit() and len(value) < 4
    return isinstance(value, bool | None) or len(str(value)) < 4


def kubeconfig_content(value: Any) -> bool:
    """Whether `value` is what stands in a kubeconfig: a map, or its text in YAML, in JSON or in
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
    """What is wrong with a text, and in which line, of PyYAML's error, without the text itself,
    which the error's own message quotes."""
    mark = getattr(error, "problem_mark", None)
    # An unquoted password that begins with `!` or `*` is a tag or an alias, named in quotes.
    problem = re.sub(r"(['\"]).*\1", "…", getattr(error, "problem", None) or "it is malformed")
    return f"{problem} in line {mark.line + 1}" if mark else problem


def mistakes(
    raw: Mapping[str, Any], secret_keys: set[str], plaintext: set[str]
) -> Iterator[Mistake]:
    """Secrets in plain text, and secrecy where it hides what is none.

    `secret_keys` are the top-level keys that Pulumi holds as secret; `plaintext` the names in
    `slipway:secrets` that are known to stand in the stack file as they are.
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
    """The command that puts a secret where it belongs."""
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
