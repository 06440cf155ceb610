#!/usr/bin/env python3
"""The rows of pattern.h in src/parse/*.c: captures never touch one another, names are in braces, no row has more than 24 captures."""

import pathlib
import re
import sys

CAPTURE = r"%(?:[a-zA-Z*]|\{[^}]*\})"
bad, rows = [], 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.c")):
    text = path.read_text()
    if "pattern_row" not in text:
        continue
    for name, value in re.findall(r'#define (\w+) ((?:"[^"\n]*"[ \t]*)+)\n', text):
        text = re.sub(rf"#define {name} .*", "", text)
        text = re.sub(rf"\b{name}\b", value, text)
    text = re.sub(r'"\s*"', "", text)
    for row in re.findall(r'\{\s*"((?:[^"\\]|\\.)*)",\s*(?:ACTION_|ALLOWED|BLOCKED|FLOW)', text):
        rows += 1
        if re.search(CAPTURE + "%", row) or len(re.findall(CAPTURE, row)) > 24 or re.search(r"%(?![a-zA-Z*{])", row):
            bad.append(f"{path.name}: {row}")
print(f"1..1\n{'not ok' if bad or rows == 0 else 'ok'} 1 - {rows} patterns")
for b in bad:
    print("# " + b)
sys.exit(1 if bad or rows == 0 else 0)
