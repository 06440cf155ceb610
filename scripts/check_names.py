#!/usr/bin/env python3
"""foo.o exports only foo and foo_* (suffixes _linux _win _sim of the file name dropped; a file a_b.c may also export a_*).

Usage: check_names.py BUILD_DIR. Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
bad, seen = [], 0
for obj in sorted(build.glob('src/**/*.c.o')):
    stem = re.sub(r'\.c\.o$', '', obj.name)
    if stem == 'main' or 'sqlite3' in stem:
        continue
    stem = re.sub(r'_(linux|posix|win|sim)$', '', stem)
    names = {stem, stem.split('_')[0]}
    if stem in ('err', ):
        names.add('base')
    seen += 1
    out = subprocess.run(['nm', '--defined-only', '--extern-only', str(obj)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        kind, name = line.split()[-2:]
        if name.startswith(('__', 'asan.', '_Z')) or kind in 'wWvVu':
            continue
        if not any(name == s or name.startswith(s + '_') for s in names):
            bad.append(f'{obj.name}: exports {name}')
print('1..1')
for b in bad:
    print('#', b)
print('ok 1 - export names' if seen and not bad else 'not ok 1 - export names', f'({seen} objects)')
sys.exit(1 if bad or not seen else 0)
