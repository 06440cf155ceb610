#!/usr/bin/env python3
"""make bench: this build beside the peers that are installed, on the same files in the same minutes.

docs/benchmark.md has the rules. BENCH_SCALE=small (default; minutes), half, full (0.1, 0.5, 2 and 8 GB and a start over 10 GB
of raw lines; hours), or a list of sizes in GB such as "0.05,0.2"; BENCH_PAIRS: how often each comparison is made (default 5);
BENCH_REAL: a folder with real Windows events as JSON.
The table goes to stdout and to bench/results.md.
"""
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lib import khien, peers, proc, report, stats  # noqa: E402

ROOT = khien.ROOT
OUT = pathlib.Path(os.environ.get('BENCH_OUT', ROOT / 'bench/out'))
SCALES = {'small': [0.1], 'half': [0.1, 0.5], 'full': [0.1, 0.5, 2.0, 8.0]}
MEAN_BYTES = 138.7
REAL = pathlib.Path(os.environ.get('BENCH_REAL', ROOT.parent / 'shared/data/evtx-json'))


def say(text):
    print(f'  {time.strftime("%H:%M:%S")} {text}', file=sys.stderr, flush=True)


def generate(name, *options):
    path = OUT / name
    with open(path, 'wb') as f:
        subprocess.run([khien.GEN, *options], stdout=f, check=True)
    return path


def corpus_of(gb):
    lines = int(gb * 1e9 / MEAN_BYTES)
    path = generate(f'syslog-{gb}.log', '--lines', str(lines), '--needles', '10')
    generate(f'syslog-{gb}.tsv', '--lines', str(lines), '--needles', '10', '--tsv')
    return path, lines


def attempt(r, what, fn):
    """A failure of one part is a row of the report, not the end of the run."""
    say(what)
    try:
        return fn()
    except (proc.Failed, OSError, ValueError, subprocess.SubprocessError) as e:
        r.failed(what, str(e))
        return None


def pairs_of_ingest(r, have, corpus, lines, pairs):
    """A B A B …: Khiên, then each peer, `pairs` times."""
    syslog = [p for p in have if hasattr(p, 'ingest')]
    rounds = []
    for i in range(pairs):
        row = {khien.NAME: attempt(r, f'ingest {i + 1}/{pairs}: khien', lambda: khien.ingest(OUT, corpus, lines))}
        for p in syslog:
            row[p.name] = attempt(r, f'ingest {i + 1}/{pairs}: {p.name}', lambda p=p: p.ingest(OUT, corpus, lines))
        rounds.append(row)
    r.ingest(rounds, lines, corpus.stat().st_size, {p.name: p for p in syslog})
    return rounds


def without_detection(r, corpus, lines):
    cost = attempt(r, 'ingest without rules', lambda: khien.ingest(OUT, corpus, lines, khien.catalogue_without_rules(OUT), 'data-no-rules'))
    if cost:
        r.row('ingest, detection off', f'{lines / cost.cpu:,.0f} events/CPU-s', how='a catalogue without rules; there is no setting for it')
    shutil.rmtree(OUT / 'data-no-rules', ignore_errors=True)


def import_of(r, corpus, lines):
    c = attempt(r, 'import', lambda: khien.load(OUT, corpus, 'data-import', '--format', 'syslog'))
    if c:
        r.row('import', f'{lines / c.cpu:,.0f} events/CPU-s, {lines / c.wall:,.0f} events/s', how='`khien import`, no node running')
    shutil.rmtree(OUT / 'data-import', ignore_errors=True)


def json_of(r, name, corpus, lines):
    raw = corpus.stat().st_size
    c = attempt(r, f'import of {name}', lambda: khien.load(OUT, corpus, 'data-json'))
    if c is None:
        return
    text = [w for w in c.out.splitlines() if 'stored' in w]
    kept = int(text[-1].split(' of them')[0].split()[-1]) if text else 0
    note = f'{lines} events of {raw / lines:.0f} bytes' + (f'; {kept} kept as raw text: this build does not read them' if kept else '')
    r.target(f'json ingest ({name})', raw / c.cpu / 1e9, 'GB/CPU-s', 0.27, 0.55, note)
    r.target(f'json stored/raw ({name})', khien.stored(OUT, 'data-json') / raw, '', 0.022, 0.015, 'every overhead in it', less=True)
    shutil.rmtree(OUT / 'data-json', ignore_errors=True)


def real_json(r):
    files = sorted(REAL.rglob('*.jsonl.zst')) + sorted(p for p in REAL.rglob('*.jsonl') if p.name != 'index.jsonl')
    if not files:
        r.note('Real Windows JSON was not measured: BENCH_REAL names no folder with such files.')
        return
    to, lines = OUT / 'real.jsonl', 0
    with open(to, 'wb') as f:
        for p in files:
            data = subprocess.run(['zstd', '-dc', p], capture_output=True, check=True).stdout if p.suffix == '.zst' else p.read_bytes()
            data = data if data.endswith(b'\n') or not data else data + b'\n'
            lines += data.count(b'\n')
            f.write(data)
    json_of(r, 'real', to, lines)
    to.unlink()


def acknowledgement(r, corpus):
    node = khien.Node(OUT / 'data-ack', fresh=True)
    try:
        runs = [json.loads(proc.run([khien.ACK, OUT / 'data-ack', corpus, 20000, 5]).out) for _ in range(3)]
    finally:
        node.stop()
        shutil.rmtree(OUT / 'data-ack', ignore_errors=True)
    for key, must, goal in (('p50_ms', 5, 2), ('p99_ms', 25, 10)):
        r.target(f'durable acknowledgement {key[:3]}', statistics.median(x[key] for x in runs), 'ms', must, goal,
                 '20,000 events/s, 3 × 5 s, parsed by the sender', less=True)


def searches(r, have, corpus, pairs, gb):
    """Each query by Khiên and by each peer in turn; counts must agree."""
    ours = khien.Searcher(OUT)
    able = [p for p in have if hasattr(p, 'query')]
    try:
        for kind in khien.QUERIES:
            rows = {x: [] for x in [khien.NAME] + [p.name for p in able]}
            counts = {}
            for _ in range(max(pairs, 3)):
                for name, p in [(khien.NAME, ours)] + [(p.name, p) for p in able]:
                    if kind == 'group' and not isinstance(p, (khien.Searcher, peers.ClickHouse)):
                        continue
                    c = p.query(kind)
                    rows[name].append(c)
                    if kind != 'group':
                        counts[name] = int((c.out or '0').split()[0] if c.out.strip() else 0)
            r.search(kind, khien.QUERIES[kind][0], rows, counts, gb)
    finally:
        ours.close()


def start_and_verify(r, raw, label):
    runs = []
    for _ in range(3):
        node = khien.Node(OUT / 'data')
        runs.append((node.up, node.up_cpu))
        node.stop()
    r.target(f'start, {label}', statistics.median(x for x, _ in runs), 's', 0.5, None,
             f'to ready; {statistics.median(y for _, y in runs):.2f} CPU-s', less=True)
    c = proc.run([khien.KHIEN, 'verify', '--data', OUT / 'data'])
    r.row(f'verify, {label}', f'{khien.stored(OUT) / c.cpu / 1e6:,.0f} MB/CPU-s of stored bytes', how=f'{c.cpu:.2f} CPU-s, {raw / c.cpu / 1e9:.2f} GB/CPU-s raw')


def scale(r, have, gb, pairs, first):
    corpus, lines = corpus_of(gb)
    raw = corpus.stat().st_size
    rounds = pairs_of_ingest(r, have if first else [], corpus, lines, pairs if first else 1)
    good = [x[khien.NAME] for x in rounds if x[khien.NAME]]
    if not good:
        return
    point = {'cpu': statistics.median(c.cpu for c in good) / lines, 'rss': max(c.rss for c in good), 'io': statistics.median(c.io for c in good) / raw}
    r.target(f'stored/raw ({gb} GB)', khien.stored(OUT) / raw, '', 0.090, 0.075, 'syslog, every overhead in it', less=True)
    able = []
    for p in have:
        if isinstance(p, peers.ZstdRg):
            p.prepare(OUT, corpus)
            able.append(p)
        elif isinstance(p, peers.ClickHouse) and attempt(r, 'clickhouse for searches', lambda p=p: p.ingest(OUT, corpus, lines, keep=True)):
            able.append(p)
    for p in able:
        r.row(f'stored/raw ({gb} GB), {p.name}', f'{p.stored() / raw:.4f}')
    try:
        attempt(r, f'searches over {gb} GB', lambda: searches(r, able, corpus, pairs, gb))
        point['rare'] = r.last_wall.get('rare')
        attempt(r, f'start and verify over {gb} GB', lambda: start_and_verify(r, raw, f'{gb} GB raw'))
    finally:
        for p in able:
            p.close()
    r.point(gb, point)
    if first:
        without_detection(r, corpus, lines)
        import_of(r, corpus, lines)
        attempt(r, 'durable acknowledgement', lambda: acknowledgement(r, corpus))
        killed = attempt(r, 'start after kill -9', lambda: khien.start_after_kill(OUT, corpus))
        if killed:
            r.target('start after kill -9 at full load', killed[0], 's', 2, 0.5, f'{killed[1]:,} events from the write-ahead log', less=True)
        attack(r, gb, lines, point)
    corpus.unlink()
    corpus.with_suffix('.tsv').unlink()


def attack(r, gb, lines, point):
    """Every table that could grow is made to: the same number of lines, no two alike."""
    corpus = generate('attack.log', '--lines', str(lines), '--attack')
    c = attempt(r, 'cardinality attack', lambda: khien.ingest(OUT, corpus, lines, data='data-attack'))
    shutil.rmtree(OUT / 'data-attack', ignore_errors=True)
    corpus.unlink()
    if c:
        r.target('attack: CPU per event', c.cpu / lines / point['cpu'], '× normal', 2.0, None, '10^6 hosts, 10^5 names, 10^6 templates', less=True)
        r.target('attack: peak memory', c.rss / point['rss'], '× normal', 1.3, None, f'{c.rss / 2**20:.0f} MiB', less=True)


def main():
    wanted = os.environ.get('BENCH_SCALE', 'small')
    sizes = SCALES.get(wanted) or [float(x) for x in wanted.split(',')]
    pairs = int(os.environ.get('BENCH_PAIRS', '5'))
    OUT.mkdir(parents=True, exist_ok=True)
    have, absent = peers.installed()
    r = report.Report(wanted, pairs, have, absent)
    for i, gb in enumerate(sizes):
        say(f'scale {gb} GB')
        scale(r, have, gb, pairs, i == 0)
    events = generate('windows.jsonl', '--json', '--lines', str(int(sizes[0] * 1e9 / 2309)))
    json_of(r, 'generated', events, int(sizes[0] * 1e9 / 2309))
    events.unlink()
    attempt(r, 'real Windows JSON', lambda: real_json(r))
    if wanted == 'full':
        corpus, lines = corpus_of(10.0)
        if attempt(r, 'import of 10 GB', lambda: khien.load(OUT, corpus, 'data', '--format', 'syslog')):
            attempt(r, 'start over 10 GB', lambda: start_and_verify(r, corpus.stat().st_size, '10 GB raw'))
        corpus.unlink()
    shutil.rmtree(OUT / 'data', ignore_errors=True)
    text = r.text(platform.machine())
    (ROOT / 'bench/results.md').write_text(text)
    print(text)


main()
