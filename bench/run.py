#!/usr/bin/env python3
"""make bench: what this build does on this machine, as a table on stdout and in bench/results.md.

Everything is on: parsing, detection with the shipped rules, compression, encryption, seals, fsync. Sizes by BENCH_LINES (default 1000000).
CPU seconds are those of all processes of the command (user + system).
"""
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / 'bench' / 'out'
LINES = int(os.environ.get('BENCH_LINES', '1000000'))
KHIEN = ROOT / 'build' / 'khien'
KHIEND = ROOT / 'build' / 'khiend'


def run(args):
    """Run a command; wall and CPU seconds, largest memory of one process in MiB, output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    p = subprocess.run(['/usr/bin/env', 'time', '-f', '%M', *map(str, args)] if shutil.which('time') else list(map(str, args)),
                       capture_output=True, text=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if p.returncode != 0:
        sys.exit(f'{args}: exit code {p.returncode}\n{p.stderr}')
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss / 1024, p.stdout


def drop_cache(folder):
    """Take the files out of the page cache, so that the next read is cold."""
    os.sync()
    for path in folder.rglob('*'):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def size_of(folder):
    return sum(p.stat().st_size for p in folder.rglob('*') if p.is_file())


def make_corpus():
    corpus = OUT / f'syslog-{LINES}.log'
    with open(corpus, 'wb') as f:
        subprocess.run([ROOT / 'build' / 'bench' / 'gen_corpus', '--lines', str(LINES), '--all'], stdout=f, check=True)
    return corpus


def start_time(data):
    """Seconds until a node over this directory says that it is ready."""
    listen = data / 'run' / 'listen.json'
    listen.unlink(missing_ok=True)
    start = time.monotonic()
    p = subprocess.Popen([KHIEND, '--data', data, '--listen-syslog', '127.0.0.1:0', '--listen-syslog-tls', '127.0.0.1:0',
                          '--listen-https', '127.0.0.1:0'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not listen.exists() and time.monotonic() - start < 60 and p.poll() is None:
        time.sleep(0.002)
    took = time.monotonic() - start
    rss = {}
    status = subprocess.run([KHIEN, 'status', '--data', data, '--json'], capture_output=True, text=True)
    if status.returncode == 0:
        for proc in json.loads(status.stdout)['system']['processes']:
            rss[proc['name']] = proc['rss_bytes'] / 2**20
    p.send_signal(signal.SIGTERM)
    p.wait()
    return took, rss


QUERIES = [
    ('rare word', '"COMMAND=/usr/bin/systemctl restart snmpd.service" AND 113.161.1.8'),
    ('absent word', 'khongcotunay'),
    ('phrase, 10 % of lines', '"Failed password"'),
    ('field', 'event.action:ssh_login event.outcome:failure'),
    ('regex', 'url.original:/ho?so.id=9999[0-9]/'),
    ('group by', '* | stats count() by event.action | sort -count'),
]


def search_rows(data, rows):
    for name, query in QUERIES:
        args = [KHIEN, 'search', '--data', data, query] + ([] if '|' in query else ['--count'])
        drop_cache(data)
        cold = run(args)[0]
        warm = min(run(args)[0] for _ in range(3))
        rows.append((f'search, {name}', f'{cold:.3f} s cold, {warm:.3f} s warm', f'`khien search {query!r}`'))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    corpus, data, rows = make_corpus(), OUT / 'data', []
    shutil.rmtree(data, ignore_errors=True)
    raw = corpus.stat().st_size
    wall, cpu, rss, _ = run([KHIEN, 'import', '--data', data, '--format', 'syslog', corpus])
    rows.append(('import, everything on', f'{LINES / wall:,.0f} events/s, {LINES / cpu:,.0f} per CPU-second',
                 f'{LINES} lines, {raw / LINES:.0f} bytes each, {wall:.1f} s wall, {cpu:.1f} CPU-s'))
    rows.append(('largest memory of a process', f'{rss:.0f} MiB', 'import'))
    store = size_of(data / 'store')
    rows.append(('stored / raw', f'{store / raw:.4f}', f'{store / 2**20:.1f} of {raw / 2**20:.1f} MiB, every overhead in it'))
    rows.append(('register', f'{size_of(data) / 2**20 - store / 2**20:.1f} MiB', 'findings, sources, audit'))
    count = run([KHIEN, 'search', '--data', data, '--count', '*'])
    if int(count[3]) != LINES:
        sys.exit(f'{count[3].strip()} events found, {LINES} imported')
    rows.append(('count of everything', f'{count[0]:.3f} s', "`khien search --count '*'`"))
    search_rows(data, rows)
    verify = run([KHIEN, 'verify', '--data', data])
    rows.append(('verify', f'{verify[0]:.2f} s', f'{store / 2**20 / verify[0]:.0f} MiB/s of stored bytes'))
    took, memory = start_time(data)
    rows.append(('start', f'{took:.2f} s', f'until ready, {LINES} events stored'))
    rows.append(('memory of an idle node', ', '.join(f'{k} {v:.0f} MiB' for k, v in memory.items()), 'resident'))
    cores = os.cpu_count()
    text = [f'# Benchmark\n\n`make bench`, {time.strftime("%Y-%m-%d")}, {platform.machine()}, {cores} cores, '
            f'load average at the end {os.getloadavg()[0]:.1f}.\n', '| what | result | how |', '|---|---|---|']
    text += [f'| {a} | {b} | {c} |' for a, b, c in rows]
    (ROOT / 'bench' / 'results.md').write_text('\n'.join(text) + '\n')
    print('\n'.join(text))


main()
