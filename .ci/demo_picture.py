#!/usr/bin/env python3
"""Draws docs/demo.svg from the output of `onboard demo`, and docs/demo-all.svg from that of `onboard demo --all`.

    cargo build --bin onboard
    python3 .ci/demo_picture.py target/debug/onboard demo > docs/demo.svg
    python3 .ci/demo_picture.py target/debug/onboard demo --all > docs/demo-all.svg

The pictures show the plan and the results, not each line; a test compares their lines with the output.
"""

import html
import os
import re
import subprocess
import sys

COLUMNS = 81
CHARACTER, LINE, LEFT, TOP = 8.43, 19.6, 28.0, 72.5
COLORS = {"": ("#d8dee9", ""), "1": ("#ffffff", ' font-weight="700"'), "2": ("#7d8899", ""), "32": ("#7ee2a0", ""),
          "33": ("#ffcb6b", ""), "31": ("#ff7b86", "")}
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
def of_one_account(lines):
    """The summary, the creation and the plan; of each run its heading and its result; the remedy and the values of the hand-off."""
    section, shown = "", True
    for line in lines:
        text = plain(line)
        if text == "Summary" or re.match(r"\d\. ", text):
            section, shown = text[0], text[0] not in "34"
            yield from ["", line, ""]
            continue
        if text.startswith(("AssumeRole was refused", "In the console")) or (section == "6" and text.startswith("  http")):
            shown = text.startswith("AssumeRole")
        elif section in "S1256" and shown or section in "34" and re.match(r"Converged|\d+ calls", text):
            yield cut(line)


def of_every_account(lines):
    """The counts and the groups of the plan, without the texts of the blocked accounts; the results; the coverage of the audit."""
    shown = True
    for line in lines:
        text = plain(line)
        if text == "Summary" or re.match(r"\d\. ", text):
            shown = True
            yield from ["", line, ""]
            continue
        if re.match(r"      account \{account-id\}|Skipped|\d+ of \d+ hand-offs", text):
            shown = False
        if shown:
            yield cut(line)


def plain(line):
    return re.sub(r"\x1b\[\d*m", "", line)


def cut(line):
    """A line that is wider than the picture, such as a command, ends with an ellipsis."""
    text = plain(line)
    return line if len(text) <= COLUMNS else text[:COLUMNS - 2].rstrip() + " …"


def without_double_blanks(lines):
    previous = ""
    for line in lines:
        if line or previous:
            yield line
        previous = line


def row(line, number):
    column, style, spans = 0, "", []
    for piece in re.split(r"(\x1b\[\d*m)", line):
        code = re.fullmatch(r"\x1b\[(\d*)m", piece)
        if code:
            style = "" if code[1] in ("", "0") else code[1]
            continue
        for words in re.finditer(r"\S+(?: \S+)*", piece):
            fill, weight = COLORS[style]
            spans.append(f'<tspan x="{LEFT + (column + words.start()) * CHARACTER:.1f}" '
                         f'textLength="{len(words[0]) * CHARACTER:.1f}" lengthAdjust="spacingAndGlyphs" '
                         f'fill="{fill}"{weight}>{html.escape(words[0], quote=False)}</tspan>')
        column += len(piece)
    return f'<text y="{TOP + number * LINE:.1f}">{"".join(spans)}</text>' if spans else None


# The words of the command: the title of its picture, and the lines that it shows.
PICTURES = {
    ("demo",): (
        "onboard demo: a summary, the plan in a few lines, who will be able to assume the roles, nothing to do on the second "
        "run, a blocked account with the commands that fix it, and what to paste at a vendor", of_one_account),
    ("demo", "--all"): (
        "onboard demo --all: a plan for every account of an organization, in which accounts with the same changes are shown once, "
        "its result, a second plan without changes, and the coverage of the audit", of_every_account),
}


def main():
    onboard, *words = sys.argv[1:]
    title, chosen = PICTURES[tuple(words)]
    environment = {**os.environ, "CLICOLOR_FORCE": "1", "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    output = subprocess.run([onboard, *words], env=environment, check=True, capture_output=True, text=True).stdout
    command = " ".join(["cargo run --bin onboard --", *words])
    prompt = f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m"
    lines = [prompt, "", *without_double_blanks(chosen(output.splitlines()))]
    width, height = 740, int(TOP + len(lines) * LINE + 16)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
          f'aria-labelledby="t">\n<title id="t">{title}</title>\n'
          f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="12" fill="#161d29" stroke="#2d3748"/>\n'
          f'<path d="M.5 40.5H{width - .5}" stroke="#2d3748"/>')
    for x, fill in ((24, "#ff5f57"), (44, "#febc2e"), (64, "#28c840")):
        print(f'<circle cx="{x}" cy="20.5" r="6" fill="{fill}"/>')
    print(f'<g font-family="{FONT}" font-size="14" xml:space="preserve">')
    print("\n".join(filter(None, (row(line, number) for number, line in enumerate(lines)))))
    print("</g>\n</svg>")


main()
