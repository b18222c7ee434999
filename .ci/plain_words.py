"""Keeps words out of the project that platform engineers would have to translate first.

    python3 .ci/plain_words.py            checks every surface against its ceiling
    python3 .ci/plain_words.py tests      lists every hit of one surface, whatever its ceiling

The project once had a vocabulary of its own ("told" for notified, "mend" for fix, "stands" for exists). What users see
must be free of it. Tests and code may not get worse: lower their ceiling when their count falls. Identifiers count too:
`not_told` and `NotTold` are read as "not told". A line that is right as it is goes into ALLOWED, as it is written.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Surface, ceiling (to be lowered to 0), and the files that belong to it. The first surface that matches a path takes it.
SURFACES = [
    ("templates", 0, r"[^/]*\.yaml|terraform/.*"),
    ("documents", 0, r".*\.md"),
    ("command line", 0, r"src/(cli|bin)/.*\.rs"),
    ("vendor files and examples", 0, r"vendors/.*\.toml|onboarding\.toml|samconfig\.toml"),
    ("tests", 4, r"tests/.*|benches/.*|fuzz/.*|.*/tests/.*|.*tests?\.rs|crates/simulation/.*"),
    ("code", 1, r".*\.(rs|py|toml|yml)|\.ci/run"),
]

# Not prose of this project, a record of old names, and this list itself.
SKIPPED = r"LICENSE|.*\.lock|.*\.svg|events/.*|fuzz/words/.*|CHANGELOG\.md|\.ci/plain_words\.py"

# (path, line without its indentation): right as they are.
ALLOWED = {
    # A quotation of what not to write.
    (
        "CONTRIBUTING.md",
        '2. Write subject, verb, object: "Accounts that are not members are skipped". Write "is not a valid X", not "is no X".',
    ),
    # A heading.
    ("src/cli/policy.rs", 'text.push_str(&section("Who is denied", &denied));'),
}

# Word or pattern, and what to write instead.
WORDS = [
    (r"un ?told|tells?|told|telling", "notify, report, distinguish, detect"),
    (r"stands?(?! for\b)|stood", "exists, is present"),
    (r"mend(?:s|ed|ing)?", "fix, repair"),
    (r"beside", "next to, in addition to"),
    (r"harm(?:s|ed|ing)?", "is isolated, does not affect"),
    (r"nobody|somebody", "no one; name the principal or the person"),
    (r"(?<!there )(?:is|are|was|were) no (?!longer\b|more than\b)[a-z]+", "is not a (valid) …"),
    (r"sees? to|seen to", "process, reconcile"),
    (r"lets? (?:us|him|her|them|it|any\w+|no\w+|some\w+) in|lets in|be let in|way in(?:to)?", "assume the role, access"),
    (r"enter(?:s|ed|ing)?", "assume the role, access"),
    (r"by hand", "manually"),
    (r"by (?:it|them)sel(?:f|ves)", "automatically"),
    (r"since long", "for a long time"),
    (r"needs? a person|a person is needed", "needs attention"),
    (r"sets? aside|setting aside", "move to the dead-letter queue"),
    (r"puts? off|putting off", "retry later"),
    (r"comes? again|came again", "is retried, is delivered again"),
    (r"of ours", "name the owner"),
    (r"asks? for nothing", "requires no action"),
    (r"claim(?:s|ed|ing)?", "lease, acquire, reserve"),
    (r"g(?:ives?|iven|ave) back|forfeited|takes? hold", "return, release, expired, acquire"),
    (r"young(?! account minutes|-account-minutes)", "new (account)"),
    (r"becomes? of|became of", "the result of"),
    (r"is to be \w+ed", "should be …"),
    (r"knows? no", "does not have, does not support"),
    (r"all the same", "anyway, still"),
    (r"in capitals|small letters", "in case, lowercase"),
    (r"list of texts|texts?(?= or null\b)|is no text", "array of strings, string"),
    (r"mails?(?!to\b)|mailed", "email"),
    (r"rooms?|the house|errands?|patience|faces|newborns?|born|whispers?", "use the plain word"),
    (r"for (?:it|they|he|she|we) (?:is|are|was|were|has|have|had|does|do|cannot|can|may|must)", "because …"),
]
# The same, at the beginning of a sentence. Questions and headings are fine.
BEGINNINGS = [
    (r"who (?:is|are|may|finds|comes|takes|has|was)", "name the subject: \"accounts that are not members are skipped\""),
    (r"what (?:is|was|were|needs|cannot|comes)", "name the subject: \"unusual documents are reported\""),
]
PATTERN = re.compile(
    r"\b(?:%s)\b|(?:^|[.:;] |[/!#*\"] ?)(?:%s)\b(?=[^?]*[.:;])"
    % tuple("|".join(words for words, _ in table) for table in (WORDS, BEGINNINGS)),
    re.IGNORECASE,
)


def surface_of(path):
    """The name of the surface that a path belongs to, or None."""
    if re.fullmatch(SKIPPED, path):
        return None
    return next((name for name, _, files in SURFACES if re.fullmatch(files, path)), None)


def readable(line):
    """Identifiers as words: `NotTold` and `not_told` become `Not Told` and `not told`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", line.replace("_", " "))


def replacement(word):
    """What to write instead of a hit."""
    return next((better for words, better in WORDS + BEGINNINGS if re.search(words, word, re.IGNORECASE)), "the standard term")


def hits():
    """(surface, path, line number, word, line) for every hit in the files of the repository."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    paths = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for path in sorted(set(paths)):
        name = surface_of(path)
        # A file that is deleted and not committed yet is still listed.
        if name is None or not (ROOT / path).is_file():
            continue
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1):
            if (path, line.strip()) not in ALLOWED:
                for match in PATTERN.finditer(readable(line)):
                    yield name, path, number, match.group().strip(" .:;/!#*\""), line.strip()


def main(wanted):
    found = {name: [] for name, _, _ in SURFACES}
    for name, *hit in hits():
        found[name].append(hit)
    failed = False
    for name, ceiling, _ in SURFACES:
        over = len(found[name]) > ceiling
        failed = failed or over
        if over or name == wanted:
            for path, number, word, line in found[name]:
                print(f"{path}:{number}: `{word}` ({replacement(word)}): {line[:100]}")
        elif len(found[name]) < ceiling:
            print(f"{name}: the ceiling in .ci/plain_words.py can be lowered from {ceiling} to {len(found[name])}")
    for name, ceiling, _ in SURFACES:
        print(f"{name:26} {len(found[name]):5} of at most {ceiling}")
    if failed:
        print("plain words: a surface is over its ceiling; use the standard terms in parentheses instead", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
