#!/usr/bin/env python3
"""Every header compiles alone. Usage: check_headers.py [COMPILER]. Prints TAP."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
compiler = sys.argv[1] if len(sys.argv) > 1 else 'cc'
headers = sorted((ROOT / 'src').rglob('*.h'))
failed = 0
print(f'1..{len(headers)}')
for n, path in enumerate(headers, 1):
    name = path.relative_to(ROOT / 'src')
    unit = f'#include "{name}"\n#include "{name}"\ntypedef int unit_is_not_empty;\n'
    run = subprocess.run([compiler, '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                          '-I', str(ROOT / 'src'), '-x', 'c', '-'], input=unit, capture_output=True, text=True)
    for line in run.stderr.splitlines():
        print('#', line)
    failed += run.returncode != 0
    print(f"{'ok' if run.returncode == 0 else 'not ok'} {n} - {name}")
sys.exit(1 if failed or not headers else 0)
