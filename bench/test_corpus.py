#!/usr/bin/env python3
"""test_corpus.py GEN_CORPUS: the generator writes the same bytes everywhere, and what its options promise.

The sums pin the first 10,000 lines. Whoever changes the corpus on purpose changes them too (--print shows the new ones)
and measures the baseline of bench-check anew.
"""
import hashlib
import json
import subprocess
import sys

SUMS = {
    '': '5c68afe1f3941940392596ee79a447ef52328560a695d9db6d57874da1a8cad3',
    '--seed 2': 'cb9ba5e3ee272fbc5ab1566c4576c8623f17a73b4ec2e5e98deba8265da577bd',
    '--all': 'a9ad1b275e25ded5b2396fb5e5ac563234f76a0a93e9d9238e18ad2faf3de5d7',
    '--tsv': '10c623333ba4ab0e93e9b0a5b7ebed277411237a2f1a1750c85b8827eabb7b78',
    '--all --churn --rate 50': 'd2c32899f55e6693f0eb89aa1a37f7237a3dfb417030eb090c9e045f752c2e35',
    '--json': '9a48ff461bfb3c11710aa2f300ef0e2780fefc4d1f4da432a968bb961c3e98b9',
    '--json --seed 2': '1a16ed8aea827e2f355a9e010baff10bfbe81a010d34704643595b8de4d97447',
    '--attack': '467403cdcc150a64ee02be02e5d25c04bb61a258e0592dbca7b799a76eb93b2a',
}


def lines(*options):
    out = subprocess.run([GEN, *options], stdout=subprocess.PIPE, check=True).stdout
    return out.split(b'\n')[:-1] if out.endswith(b'\n') else None


def sum_of(options):
    out = subprocess.run([GEN, '--lines', '10000', *options.split()], stdout=subprocess.PIPE, check=True).stdout
    return hashlib.sha256(out).hexdigest()


def same_bytes():
    return [f'{o or "(none)"}: {sum_of(o)}' for o, want in SUMS.items() if sum_of(o) != want]


def seeds_differ():
    sums = {sum_of(f'--seed {i}') for i in range(5)}
    return [] if len(sums) == 5 else ['two seeds give the same lines']


def prefix():
    """Fewer lines are the beginning of more lines; a limit of bytes ends behind the line that reaches it."""
    many, few = lines('--lines', '3000'), lines('--lines', '1000')
    limited = lines('--bytes', '50000')
    size = sum(len(x) + 1 for x in limited)
    wrong = [] if many[:1000] == few and limited == many[:len(limited)] else ['not a beginning']
    return wrong + ([] if 0 <= size - 50000 < len(limited[-1]) + 1 else [f'--bytes 50000 gives {size}'])


def shape():
    got = lines('--lines', '50000')
    mean = sum(map(len, got)) / len(got) + 1
    wrong = [] if len(got) == 50000 and 120 < mean < 150 else [f'{len(got)} lines of {mean:.0f} bytes']
    for x in got:
        x.decode('utf-8')
        if not x.startswith(b'<') or b'\0' in x or b'\r' in x:
            wrong.append(repr(x))
    phrase = sum(b'Failed password' in x for x in got) / len(got)
    return wrong + ([] if 0.015 < phrase < 0.03 else [f'"Failed password" in {phrase:.2%}'])


def tsv():
    """The split form tells the same events."""
    whole, split = lines('--lines', '5000', '--all'), lines('--lines', '5000', '--all', '--tsv')
    wrong = [] if len(whole) == len(split) else ['not as many']
    for a, b in zip(whole, split):
        cells = b.split(b'\t')
        text = cells[5].replace(b'\\t', b'\t').replace(b'\\\\', b'\\') if len(cells) == 6 else None
        if text is None or not a.endswith(text) or cells[1] not in a or cells[2] not in a:
            wrong.append(repr((a, b)))
    return wrong[:3]


def needles():
    got = lines('--lines', '20000', '--needles', '10')
    at = [i for i, x in enumerate(got) if b'kimtrongdong' in x]
    return [] if at == [1000 + 2000 * i for i in range(10)] else [f'needles in lines {at}']


def odd_lines():
    got = lines('--lines', '60000', '--all')
    share = {'long': sum(len(x) > 1000 for x in got), 'no PRI': sum(not x.startswith(b'<') for x in got), 'broken': 0}
    for x in got:
        try:
            x.decode('utf-8')
        except UnicodeDecodeError:
            share['broken'] += 1
    bounds = {'long': (500, 700), 'no PRI': (10, 60), 'broken': (10, 60)}
    return [f'{k}: {v}' for k, v in share.items() if not bounds[k][0] <= v <= bounds[k][1]]


def objects():
    got = lines('--lines', '5000', '--json')
    mean = sum(map(len, got)) / len(got)
    wrong = [] if 2100 < mean < 2500 else [f'{mean:.0f} bytes']
    for x in got:
        o = json.loads(x)
        if not isinstance(o['EventID'], int) or o['Message'].count('\r\n') < 3:
            wrong.append(repr(x))
    return wrong[:3]


def attack():
    got = lines('--lines', '100000', '--attack')
    hosts = {x.split(b' ')[2] for x in got}
    names = {w.split(b'=')[0] for x in got for w in x.split(b' ') if b'=' in w}
    wrong = [] if len(set(got)) == len(got) else ['lines are not unique']
    return wrong + ([] if len(hosts) > 90000 and len(names) > 90000 else [f'{len(hosts)} hosts, {len(names)} names'])


def refused():
    wrong = []
    for bad in (['--lines'], ['--lines', 'x'], ['--lines', '-1'], ['--rate', '0'], ['--rate', '9999999'], ['--wide'], ['--needles', '1e3']):
        if subprocess.run([GEN, *bad], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 2:
            wrong.append(' '.join(bad))
    return wrong


def main():
    checks = [same_bytes, seeds_differ, prefix, shape, tsv, needles, odd_lines, objects, attack, refused]
    failed = 0
    print(f'1..{len(checks)}')
    for i, check in enumerate(checks, 1):
        wrong = check()
        failed += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {i} - {check.__name__.replace("_", " ")}')
        for w in wrong[:10]:
            print(f'# {w}')
    return 1 if failed else 0


GEN = sys.argv[1]
if __name__ == '__main__':
    if '--print' in sys.argv:
        for options in SUMS:
            print(f"    {options!r}: '{sum_of(options)}',")
        sys.exit(0)
    sys.exit(main())
