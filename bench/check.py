#!/usr/bin/env python3
"""make bench-check: instructions per event of each stage of the hot path, counted by callgrind.

Compared with bench/instructions.json; a stage more than 3 % above it fails. Run twice, the two must agree within 0.1 %.
check.py BENCH_PATH GEN_CORPUS [--update]
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / 'bench/instructions.json'
STAGES = ['parse', 'pack', 'unpack', 'append', 'detect', 'commit', 'seal']
CORPUS = ['--lines', '20000', '--seed', '20261122', '--all']
WORSE_MAX, UNSTEADY_MAX = 0.03, 0.001
# Hosts, paths and the length of the environment must not matter.
ENV = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'GLIBC_TUNABLES': ''}


def tools():
    """What the numbers hang on beside our own code."""
    def first(*args):
        out = subprocess.run(args, capture_output=True, text=True).stdout
        return out.splitlines()[0] if out else 'unknown'
    packages = ['libzstd1', 'libssl3', 'libvectorscan5', 'libhyperscan5', 'libc6', 'libpcre2-8-0']
    out = subprocess.run(['dpkg-query', '-W', '-f', '${Package} ${Version} ${db:Status-Status}\n', *packages], capture_output=True, text=True).stdout
    have = sorted(' '.join(x.split()[:2]) for x in out.splitlines() if x.endswith(' installed'))
    flags = next((x for x in pathlib.Path('/proc/cpuinfo').read_text().splitlines() if x.startswith('flags')), '').split()
    return {'compiler': first('cc', '--version'), 'valgrind': first('valgrind', '--version'), 'libraries': have,
            'cpu': [x for x in ('aes', 'avx2', 'pclmulqdq', 'sha_ni', 'bmi2') if x in flags]}


def fixed_folder():
    """A path of the same length each time, so that strings with it cost the same."""
    base = pathlib.Path(tempfile.gettempdir()) / f'khien-check-{os.getpid():010d}'
    base.mkdir(mode=0o700)
    return base


def count(bench_path, corpus):
    """Instructions inside each stage_… function, with all it calls."""
    folder = fixed_folder()
    out = folder / 'callgrind.out'
    try:
        data = folder / 'data'
        data.mkdir()
        with open(corpus, 'rb') as f:
            subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={out}', '--compress-strings=no',
                            '--compress-pos=no', bench_path, str(ROOT), str(data)], stdin=f, env=ENV, check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        text = subprocess.run(['callgrind_annotate', '--inclusive=yes', '--threshold=100', '--auto=no', str(out)],
                              capture_output=True, text=True, check=True).stdout
    finally:
        subprocess.run(['rm', '-rf', str(folder)], check=True)
    found = {}
    for line in text.splitlines():
        m = re.match(r'\s*([\d,]+)\s.*?:stage_(\w+)(?:\s|$)', line)
        if m and m.group(2) in STAGES:
            found[m.group(2)] = max(found.get(m.group(2), 0), int(m.group(1).replace(',', '')))
    missing = [s for s in STAGES if s not in found]
    if missing:
        sys.exit(f'bench-check: callgrind shows nothing of {", ".join(missing)}')
    return found


def main():
    paths = [os.path.abspath(a) for a in sys.argv[1:] if not a.startswith('-')]
    update = '--update' in sys.argv
    if len(paths) != 2:
        sys.exit(__doc__)
    with tempfile.NamedTemporaryFile() as corpus:
        subprocess.run([paths[1], *CORPUS], stdout=corpus, check=True)
        corpus.flush()
        lines = sum(1 for _ in open(corpus.name, 'rb'))
        sha = hashlib.sha256(pathlib.Path(corpus.name).read_bytes()).hexdigest()
        first, second = count(paths[0], corpus.name), count(paths[0], corpus.name)
    worse, unsteady = [], [s for s in STAGES if abs(first[s] / second[s] - 1) > UNSTEADY_MAX]
    now = {s: round(min(first[s], second[s]) / lines, 1) for s in STAGES}
    now['all'] = round(sum(now.values()), 1)
    old = json.loads(BASELINE.read_text()) if BASELINE.exists() else None
    same = old is not None and old['tools'] == tools() and old['corpus'] == sha
    print(f'{"stage":8} {"instructions/event":>18} {"baseline":>10} {"change":>8}')
    for s, v in now.items():
        before = old['per_event'].get(s) if same else None
        change = f'{v / before - 1:+.1%}' if before else ''
        print(f'{s:8} {v:18,.1f} {before if before else "":>10} {change:>8}')
        if before and v > before * (1 + WORSE_MAX) and not update:
            worse.append(s)
    for s in unsteady:
        print(f'bench-check: {s}: two runs differ: {first[s]} and {second[s]} instructions')
    for s in worse:
        print(f'bench-check: {s}: more than {WORSE_MAX:.0%} worse')
    if update:
        BASELINE.write_text(json.dumps({'tools': tools(), 'corpus': sha, 'per_event': now}, indent=1) + '\n')
        print(f'bench-check: new baseline in {BASELINE.relative_to(ROOT)}')
    elif not same:
        print('bench-check: the baseline is of another corpus, compiler or library: nothing to compare with; '
              '`bench/check.py … --update` makes one')
    return 1 if worse or unsteady else 0


sys.exit(main())
