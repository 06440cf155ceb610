#!/usr/bin/env python3
"""Check the walls of the house, printed as TAP.

1. floors: an include is written with its folder and only names folders that the row of floors.txt allows.
2. vendors: each vendor header is included by one folder only.
3. size: no file above 900 lines, no header above 300, no line above 130 columns.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENDORS = {
    r'openssl/|argon2\.h': {'crypt'},
    r'event2/': {'wire', 'source', 'khiend'},
    r'sqlite3\.h|libpq': {'register'},
    r'hs\.h|hs/': {'detect'},
    r'pcre2\.h': {'query'},
    r'zstd\.h|yaml\.h|expat\.h': {'codec'},
    r'jansson\.h': {'codec', 'register', 'duty', 'api', 'flow', 'khiend', 'khien', 'wire'},
    r'seccomp\.h|linux/landlock': {'sys'},
    r'systemd/': {'source', 'sys'},
}


def rows():
    out = {}
    for line in (ROOT / 'floors.txt').read_text().splitlines():
        line = line.split('#')[0].strip()
        if line:
            name, _, rest = line.partition(':')
            out[name.strip()] = set(rest.split()) | {name.strip()}
    return out


def check_includes(allowed, bad):
    for path in sorted((ROOT / 'src').rglob('*.[ch]')):
        folder = path.relative_to(ROOT / 'src').parts[0]
        where = path.relative_to(ROOT)
        if folder not in allowed:
            bad.append(f'{where}: folder {folder} has no row in floors.txt')
            continue
        for n, line in enumerate(path.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if m:
                parts = m.group(1).split('/')
                if len(parts) < 2:
                    bad.append(f'{where}:{n}: write the folder: "{m.group(1)}"')
                elif parts[0] not in allowed[folder]:
                    bad.append(f'{where}:{n}: {folder} may not include {parts[0]}')
            m = re.match(r'\s*#\s*include\s+<([^>]+)>', line)
            for pattern, homes in VENDORS.items():
                if m and re.match(pattern, m.group(1)) and folder not in homes:
                    bad.append(f'{where}:{n}: <{m.group(1)}> belongs to {", ".join(sorted(homes))}')


def check_sizes(bad):
    for path in sorted((ROOT / 'src').rglob('*.[ch]')):
        lines = path.read_text().splitlines()
        limit = 300 if path.suffix == '.h' else 900
        if len(lines) > limit:
            bad.append(f'{path.relative_to(ROOT)}: {len(lines)} lines, limit {limit}')


def main():
    bad_includes, bad_sizes = [], []
    check_includes(rows(), bad_includes)
    check_sizes(bad_sizes)
    print('1..2')
    for n, (name, bad) in enumerate([('floors', bad_includes), ('sizes', bad_sizes)], 1):
        for b in bad:
            print(f'# {b}')
        print(f'{"not ok" if bad else "ok"} {n} - {name}')
    return 1 if bad_includes or bad_sizes else 0


sys.exit(main())
