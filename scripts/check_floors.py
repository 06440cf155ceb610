#!/usr/bin/env python3
"""Check the walls of the house, printed as TAP.

1. floors: an include is written with its folder and only names folders that the row of floors.txt allows; a row only
   names folders that stand above it, so the floors have an order.
2. vendors: each vendor header is included only by the folders named here, in whichever brackets.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENDORS = {
    r'openssl/|argon2\.h': {'crypt'},
    r'event2/': {'wire', 'source', 'khiend'},
    r'(.*/)?sqlite3\.h|libpq|postgresql/': {'register'},
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


def check_order(bad):
    seen = set()
    for name, allowed in rows().items():
        for other in sorted(allowed - {name} - seen):
            bad.append(f'floors.txt: {name} names {other}, which does not stand above it')
        seen.add(name)


def check_file(path, allowed, bad_floors, bad_vendors):
    where = path.relative_to(ROOT)
    folder = where.parts[1]
    if folder not in allowed:
        bad_floors.append(f'{where}: folder {folder} has no row in floors.txt')
        return
    for n, line in enumerate(path.read_text().splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not m:
            continue
        own, name = m.group(1) == '"', m.group(2)
        homes = next((h for pattern, h in VENDORS.items() if re.match(pattern, name)), None)
        if homes is not None:
            if folder not in homes:
                bad_vendors.append(f'{where}:{n}: {name} belongs to {", ".join(sorted(homes))}')
        elif own and '/' not in name:
            bad_floors.append(f'{where}:{n}: write the folder: "{name}"')
        elif own and name.split('/')[0] not in allowed[folder]:
            bad_floors.append(f'{where}:{n}: {folder} may not include {name.split("/")[0]}')


def main():
    allowed = rows()
    bad = {'floors': [], 'vendors': []}
    check_order(bad['floors'])
    files = [p for suffix in ('*.c', '*.h', '*.def') for p in sorted((ROOT / 'src').rglob(suffix))]
    for path in files:
        check_file(path, allowed, bad['floors'], bad['vendors'])
    print(f'1..{len(bad)}')
    for n, (name, found) in enumerate(bad.items(), 1):
        for line in found:
            print(f'# {line}')
        print(f'{"not ok" if found else "ok"} {n} - {name}')
    return 1 if not files or any(bad.values()) else 0


sys.exit(main())
