"""Fixes that leave their mistake, and those that propose no text."""

from __future__ import annotations

import re

from tests.unit.config.edits import StackFile
from tests.unit.config.fixes import Answer, answers, proposals

#: Fixes that name nothing to write, as regular expressions, by the reason.
ADVICE: dict[str, tuple[str, ...]] = {
    "it stands elsewhere, and only there": (
        "copy it",
        "copy it from the console",
        "copy it from the list of stacks",
        "copy the key's ARN, not an alias'",
        "copy the role's own ARN, not that of one of its sessions",
        "copy what the registry says",
        "paste it from the line BEGIN CERTIFICATE on",
        "run `gcloud .*`.*",
        "write NVIDIA's number, in quotes",
        "write as ECS lists it",
        "write it as ECS lists it",
        "write it as the console has it",
        "write the name that the certificate has as host",
        "write the port that the server listens on",
        "write the repository's name as its registry does",
        "write the tag, by which the program names it, in place of the digest",
        "write them as in its config.pbtxt",
    ),
    "it is to be done elsewhere first": (
        "add a subnet in another zone",
        "add a vSwitch in another zone",
        "install a controller for the whole cluster .*",
        "make a group of that name, .*",
        "name a vSwitch of .* in both",
        "run `make up`.*",
        "run `.venv/bin/pip install .*`",
        "run `(aws|aliyun) sts .*",
        "run `pulumi config set --secret .*",
        "correct that line",
        "name one that can be put there: .*",
        "write it to a file and name that, .*",
        "merge them into one",
        "write a profile with role_arn and source_profile .*",
        "take all but one of them out",
        "take it out, and change the secret: .*",
        "start the cluster, .*",
        "take it out and change it, since it has been in a file; .*",
        "write a kubeconfig and a context by which kubectl reaches the cluster",
        "write it in plain text, and its secret parts under slipway:secrets, .*",
    ),
    "several would do, and which is meant is not known": (
        "add a colon and the tag of a version",
        "add the port that answers there",
        "add the port, or ask by a path",
        "change one of the two.*",
        "change the region, or .*",
        "choose another machine type",
        "give it a name of letters and digits",
        "give .* a larger range, or the pools a lower max",
        "name at least one",
        "name the version: latest is another image tomorrow",
        "name your own ranges, or choose a private endpoint",
        "rename one of the two: both become .*",
        "write one of the two",
        "write two zones of the region",
        "write zones of that region, or change the region",
    ),
    "the value may be a credential, which is not repeated": (
        "write what is expected; the value here may be a credential, so it is not repeated",
        "add the unit",
        "join a flag and its value by an equals sign in one text of the list",
        "write the name alone; the password belongs under the key password",
    ),
    "nothing near it is of the form": (
        "begin with .*",
        "write a bucket and a path in it, .*",
        "write a digest of 64 hexadecimal digits behind sha256:",
        "write a key, a value and an effect",
        "write a (larger|smaller) number",
        "write a list",
        "write a map of these keys",
        "write a network's address, a slash and the length of its prefix",
        "write a number and a unit: .*",
        "write a number without a word",
        "write a number without quotes",
        "write a number, or a map of these keys",
        "write a whole number and its unit",
        "write a word of letters and digits",
        "write both with two digits, in quotes",
        "write each option as an entry of its own",
        "write family, dot and size",
        "write host and path, without a scheme",
        "write https, a host, and the port where it is not 443",
        "write it without .*",
        "write keys and their values",
        "write letters, digits, .*",
        "write one text value",
        "write scheme, bucket and path; its server is the endpoint",
        "write the tag in letters, digits, .*",
        "write two or more labels of .*",
    ),
}


def refused_fixes(config: StackFile, before: list[Answer]) -> list[str]:
    """Of the mistakes `before` in `config`: proposals that leave their mistake or make another at its
    key, and fixes that propose nothing and are not in `ADVICE`."""
    found = []
    for answer in before:
        offered = proposals(answer, config)
        if not offered and not any(
            re.fullmatch(pattern, answer.fix)
            for patterns in ADVICE.values()
            for pattern in patterns
        ):
            found.append(f"{answer.path}: {answer.fix!r} proposes nothing")
        for proposal in offered:
            after = answers(proposal.changed, secret_keys=proposal.secret_keys)
            left = [each for each in after if each.same(answer)]
            if proposal.whole:
                new = [each for each in after if not any(map(each.same, before))]
                # What one request needs is known only where every value is of its form.
                left += [
                    each
                    for each in new
                    if each.within(answer)
                    and not re.match("at least .* a request of", each.expected)
                ]
            found += [
                f"{answer.path}: {answer.fix!r} is refused: {each}"
                f" after {proposal.text}: expected {each.expected}"
                for each in left
            ]
    return found
