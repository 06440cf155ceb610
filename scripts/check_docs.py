#!/usr/bin/env python3
"""The documents name what the programs have, and nothing else. Prints TAP.

1. settings: docs/man/khien.yaml.5.md and README.md hold the rows of src/flow/config.def, word for word, and no other;
   README.vi.md names every setting with its default.
2. commands: every command of src/khien/main.c has its section in docs/man/khien.1.md and stands in both READMEs.
3. options: every option of khien and khiend stands in its man page, and every option a man page names exists.
4. functions: every name written as `name()` in docs/ARCHITECTURE.md and docs/adr is defined in src/.
5. links: every relative link of the documents leads to a file (pictures of docs/images excepted: they are made later).

Usage: check_docs.py [--table]     --table prints the rows of the settings, to be pasted
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = re.compile(r'^CONFIG\(\w+,\s*"(\w+)",\s*(\w+),\s*"([^"]*)",\s*(\d+),\s*(\d+),\s*"([^"]*)",\s*"([^"]*)"\)', re.M)
TYPES = {'TEXT': 'text', 'NUMBER': 'number', 'LIST': 'list'}
SETTING = re.compile(r'^\| `([a-z0-9_]+)` \| (?:text|number|list) \|.*$', re.M)


def read(path):
    p = ROOT / path
    return p.read_text() if p.is_file() else ''


def settings():
    return CONFIG.findall(read('src/flow/config.def'))


def row(key, kind, default, low, high, unit, doc):
    span = f'{low} to {high} {unit}'.strip() if kind == 'NUMBER' else f'at most {high}' if kind == 'LIST' else ''
    shown = f'`{default}`' if default else 'empty'
    return f'| `{key}` | {TYPES[kind]} | {shown} | {span} | {doc} |'


def check_settings(bad):
    want = {s[0]: row(*s) for s in settings()}
    if not want or len(want) != read('src/flow/config.def').count('\nCONFIG('):
        bad.append('src/flow/config.def: not every row is read')
    for name in ('docs/man/khien.yaml.5.md', 'README.md'):
        have = {m.group(1): m.group(0) for m in SETTING.finditer(read(name))}
        bad += [f'{name}: wanted {line}' for key, line in want.items() if have.get(key) != line]
        bad += [f'{name}: no setting {key} exists' for key in have if key not in want]
    text = read('README.vi.md')
    for key, _, default, *_ in settings():
        if not re.search(rf'^\| `{key}` \| {re.escape(f"`{default}`" if default else "trống")} \|', text, re.M):
            bad.append(f'README.vi.md: {key} with its default is missing')


def check_commands(bad):
    names = re.findall(r'^    \{"(\w+)", cmd_\w+,', read('src/khien/main.c'), re.M)
    if not names:
        bad.append('src/khien/main.c: no command found')
    for name in names:
        if f'\n### khien {name}' not in read('docs/man/khien.1.md'):
            bad.append(f'docs/man/khien.1.md: section "### khien {name}" is missing')
        bad += [f'{doc}: khien {name} is missing' for doc in ('README.md', 'README.vi.md')
                if f'`khien {name}' not in read(doc)]


def check_options(bad):
    for source, page in (('src/khien/main.c', 'docs/man/khien.1.md'), ('src/khiend/main.c', 'docs/man/khiend.8.md')):
        have = set(re.findall(r'^    \{"([a-z-]+)", (?:no|required)_argument', read(source), re.M))
        named = set(re.findall(r'(?<![\w-])--([a-z][a-z-]*)', read(page)))
        bad += [f'{page}: --{o} is missing' for o in sorted(have - named)]
        bad += [f'{page}: --{o} does not exist' for o in sorted(named - have)]


def check_functions(bad):
    source = '\n'.join(p.read_text() for p in sorted((ROOT / 'src').rglob('*.[ch]')))
    for path in [ROOT / 'docs/ARCHITECTURE.md', *sorted((ROOT / 'docs/adr').glob('*.md'))]:
        for name in sorted(set(re.findall(r'`(\w+)\(\)`', path.read_text()))):
            if not re.search(rf'^[a-zA-Z].*\b{name}\(', source, re.M):
                bad.append(f'{path.relative_to(ROOT)}: no function {name}')


def check_links(bad):
    for path in [*sorted(ROOT.glob('*.md')), *sorted((ROOT / 'docs').rglob('*.md'))]:
        for target in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', path.read_text()):
            if 'images/' not in target and not (path.parent / target).exists():
                bad.append(f'{path.relative_to(ROOT)}: {target} does not exist')


def main():
    if sys.argv[1:] == ['--table']:
        print('\n'.join(row(*s) for s in settings()))
        return 0
    failed = False
    checks = [check_settings, check_commands, check_options, check_functions, check_links]
    print(f'1..{len(checks)}')
    for n, check in enumerate(checks, 1):
        bad = []
        check(bad)
        failed = failed or bool(bad)
        for line in bad:
            print(f'# {line}')
        print(f'{"not ok" if bad else "ok"} {n} - {check.__name__.removeprefix("check_")} of the documents')
    return 1 if failed else 0


sys.exit(main())
