"""Targets beside results; what is missed is said."""
import os
import pathlib
import statistics
import subprocess
import time

from . import khien, stats


def cpu_name():
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return 'unknown processor'


def memory_gib():
    return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30


INGEST_TARGETS = {'rsyslog': (1, 2), 'clickhouse': (2, 3.5)}
SEARCH_TARGETS = {'rare': (0.3, 0.1), 'phrase': (0.5, 0.2), 'regex': (0.5, 0.2), 'group': (1.5, 1.0)}
TITLES = {'rare': 'rare word (10 hits)', 'absent': 'absent word', 'phrase': 'frequent phrase', 'regex': 'expression without literal',
          'group': 'group-by count over all'}


class Report:
    def __init__(self, wanted, pairs, have, absent):
        self.wanted, self.pairs, self.have, self.gone = wanted, pairs, have, absent
        self.rows, self.failures, self.points, self.notes, self.last_wall = [], [], [], [], {}

    def row(self, what, result, goal='', verdict='', how=''):
        self.rows.append((what, result, goal, verdict, how))

    def failed(self, what, why):
        self.failures.append(f'{what}: {why.splitlines()[0] if why else "failed"}')

    def note(self, text):
        self.notes.append(text)

    def target(self, what, value, unit, must, goal, how='', less=False):
        """A value beside what it must and should reach."""
        good = (lambda limit: value <= limit) if less else (lambda limit: value >= limit)
        sign = '≤' if less else '≥'
        wanted = f'{sign} {must:g}' + ('' if goal is None else f' / {goal:g}')
        verdict = 'goal' if goal is not None and good(goal) else 'must' if good(must) else '**missed**'
        text = f'{value:.4f}' if abs(value) < 0.1 else f'{value:,.2f}'
        self.row(what, f'{text} {unit}'.strip(), wanted, verdict, how)

    def ratio(self, what, values, must, goal, how, less=False, unit='×'):
        if not stats.steady(values[0]) or not stats.steady(values[1]):
            worst = max(stats.spread(values[0]), stats.spread(values[1]))
            self.row(what, 'not reported', '', '', f'{how}; the same run differs by {worst:.0%} from one time to the next (most allowed {stats.SPREAD_MAX:.0%})')
            return
        each = [a / b for a, b in zip(*values) if b > 0]
        if not each:
            return
        spread = f'MAD {stats.mad(each):.2f}, {len(each)} pairs'
        if must is None:
            self.row(what, f'{statistics.median(each):.2f} {unit}', '', '', f'{how}; {spread}')
        else:
            self.target(what, statistics.median(each), unit, must, goal, f'{how}; {spread}', less)

    def ingest(self, rounds, lines, raw, by_name):
        ours = [r[khien.NAME] for r in rounds if r[khien.NAME]]
        if not ours:
            return
        rates = [lines / c.cpu for c in ours]
        note = '' if stats.steady(rates) else f' (unsteady: {stats.spread(rates):.0%})'
        self.row(f'ingest over TCP, khien ({raw / 1e9:.2g} GB)', f'{statistics.median(rates):,.0f} events/CPU-s{note}', '', '',
                 f'{statistics.median(lines / c.wall for c in ours):,.0f} events/s; peak {max(c.rss for c in ours) / 2**20:.0f} MiB; '
                 f'{statistics.median(c.io / raw for c in ours):.2f} bytes written per raw byte')
        for name, p in by_name.items():
            both = [(r[khien.NAME], r[name]) for r in rounds if r[khien.NAME] and r[name]]
            if not both:
                continue
            theirs = [b for _, b in both]
            self.row(f'ingest, {name}', f'{statistics.median(lines / b.cpu for b in theirs):,.0f} events/CPU-s', '', '',
                     f'{statistics.median(lines / b.wall for b in theirs):,.0f} events/s; peak {max(b.rss for b in theirs) / 2**20:.0f} MiB; '
                     f'{statistics.median(b.io / raw for b in theirs):.2f} bytes written per raw byte; {p.without}')
            must, goal = INGEST_TARGETS.get(name, (None, None))
            self.ratio(f'ingest, khien : {name}', ([lines / a.cpu for a, _ in both], [lines / b.cpu for _, b in both]), must, goal,
                       'events per CPU-second')
        self.target(f'peak memory of the node ({raw / 1e9:.2g} GB)', max(c.rss for c in ours) / 2**20, 'MiB', 192, 96, 'sum of all processes, at saturation', less=True)

    def search(self, kind, query, rows, counts, gb):
        title = f'search, {TITLES[kind]} ({gb} GB)'
        for name, costs in rows.items():
            if costs:
                hits = f'{counts[name]:,} hits; ' if name in counts else ''
                self.row(f'{title}, {name}', f'{statistics.median(c.wall for c in costs) * 1000:.0f} ms, {statistics.median(c.cpu for c in costs):.3f} CPU-s', '', '',
                         f'{hits}`{query}`' if name == khien.NAME else hits.rstrip('; '))
        self.last_wall[kind] = statistics.median(c.wall for c in rows[khien.NAME])
        if len(set(counts.values())) > 1:
            self.failed(title, f'counts differ: {counts}')
        others = {n: c for n, c in rows.items() if n != khien.NAME and c}
        if others and kind in SEARCH_TARGETS:
            best = min(others, key=lambda n: statistics.median(c.wall for c in others[n]))
            self.ratio(f'{title}, khien : {best}', ([c.wall for c in rows[khien.NAME]], [c.wall for c in others[best]]), *SEARCH_TARGETS[kind],
                       'wall time, against the best', less=True)

    def point(self, gb, values):
        self.points.append((gb, values))

    def growths(self):
        for key, what, most in (('cpu', 'CPU per event', 0.03), ('rss', 'peak memory', 0.05), ('rare', 'time of the rare word', 0.3)):
            k = stats.growth([(gb, v[key]) for gb, v in self.points if v.get(key)])
            if k is None:
                self.row(f'growth, {what}', 'needs two sizes', f'≤ {most}', '', 'BENCH_SCALE=half or full')
            else:
                self.target(f'growth, {what}', k, '', most, None, f'exponent over {", ".join(f"{gb:g}" for gb, _ in self.points)} GB', less=True)

    def text(self, machine):
        self.growths()
        commit = subprocess.run(['git', '-C', khien.ROOT, 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
        lines = ['# Benchmark', '',
                 f'`BENCH_SCALE={self.wanted} BENCH_PAIRS={self.pairs} make bench`, {time.strftime("%Y-%m-%d %H:%M")}, commit {commit or "unknown"}.',
                 f'{machine}, {cpu_name()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB, kernel {os.uname().release}; '
                 f'load average at the end {os.getloadavg()[0]:.1f}. Rules: [docs/benchmark.md](../docs/benchmark.md).', '',
                 '"must / goal" is the target; `must` and `goal` say which is reached.', '',
                 '| what | result | must / goal | reached | how |', '|---|---|---|---|---|']
        lines += ['| ' + ' | '.join(str(x).replace('|', '\\|') for x in row) + ' |' for row in self.rows]
        lines += ['', '## Peers', '', '| peer | version | what it does not do here |', '|---|---|---|',
                  f'| khien | this build | {khien.WITHOUT} |']
        lines += [f'| {p.name} | {p.v} | {p.without} |' for p in self.have]
        lines += [f'| {name} | absent on this machine | |' for name in self.gone]
        lines += [f'\n{note}' for note in self.notes]
        if self.failures:
            lines += ['', '## What did not work', ''] + [f'- {f}' for f in self.failures]
        return '\n'.join(lines) + '\n'
