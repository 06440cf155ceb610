#!/usr/bin/env python3
"""House rules that neither the compiler nor clang-tidy checks, printed as TAP. CONTRIBUTING.md gives the reasons.

1. sizes: no C file above 600 lines, no header above 300, no line above 110 columns (tables in *.def are free).
2. comments: no // in C; nothing that says the work is unfinished.
3. banned: no unbounded or hidden-state functions; the clock and randomness only in src/sys/.
4. includes: written with their folder.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = {'.c': 600, '.h': 300}
COLUMNS_MAX = 110
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
BANNED = re.compile(r'(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|gmtime|localtime|gets|rand|srand|random|tmpnam|'
                    r'mktemp|atoi|atol|alloca)\s*\(')
OUTSIDE = re.compile(r'(?<![\w.>])(time|clock_gettime|gettimeofday|getrandom|system|popen)\s*\(')
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
# A string, a character, a block comment or a line comment, whichever begins first.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.DOTALL)


def code_only(text, line_comments):
    """Text without comments and literals, line ends kept; the lines of // comments are collected."""
    def blank(m):
        token = m.group(0)
        if token.startswith('//'):
            line_comments.append(text.count('\n', 0, m.start()) + 1)
        return re.sub(r'[^\n]', ' ', token)
    return TOKEN.sub(blank, text)


def check(path, bad):
    where = path.relative_to(ROOT)
    text = path.read_text()
    lines = text.splitlines()
    line_comments = []
    code = code_only(text, line_comments).splitlines()
    is_src = where.parts[0] == 'src'
    if is_src and len(lines) > LINES_MAX[path.suffix]:
        bad['sizes'].append(f'{where}: {len(lines)} lines, limit {LINES_MAX[path.suffix]}')
    bad['comments'] += [f'{where}:{n}: write /* */' for n in line_comments]
    for n, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            bad['sizes'].append(f'{where}:{n}: {len(line)} columns, limit {COLUMNS_MAX}')
        if UNFINISHED.search(line):
            bad['comments'].append(f'{where}:{n}: unfinished')
        m = INCLUDE.match(line)
        if is_src and m and '/' not in m.group(1):
            bad['includes'].append(f'{where}:{n}: write the folder: "{m.group(1)}"')
    for n, line in enumerate(code, 1):
        m = BANNED.search(line) or (OUTSIDE.search(line) if is_src and where.parts[1] != 'sys' else None)
        if m:
            bad['banned'].append(f'{where}:{n}: {m.group(1)}()')


def main():
    bad = {'sizes': [], 'comments': [], 'banned': [], 'includes': []}
    files = [p for folder in ('src', 'tests', 'fuzz', 'bench') for p in sorted((ROOT / folder).rglob('*.[ch]'))]
    for path in files:
        check(path, bad)
    print(f'1..{len(bad)}')
    for n, (name, found) in enumerate(bad.items(), 1):
        for line in found:
            print('#', line)
        print(f"{'not ok' if found else 'ok'} {n} - {name}")
    return 1 if not files or any(bad.values()) else 0


sys.exit(main())
