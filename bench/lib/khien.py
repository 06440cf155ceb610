"""Our own programs under measurement."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from . import proc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('BENCH_BUILD', ROOT / 'build'))
KHIEN, KHIEND = BUILD / 'src/khien/khien', BUILD / 'src/khiend/khiend'
GEN, ACK = BUILD / 'bench/gen_corpus', BUILD / 'bench/bench_ack'
NAME = 'khien'
WITHOUT = 'nothing: it parses, detects, indexes, compresses, encrypts, seals, syncs before it acknowledges'


def catalogue_without_rules(out):
    """No setting switches detection off; a catalogue whose folder of rules is empty does."""
    to = out / 'catalogue-without-rules'
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(ROOT / 'catalogue', to, ignore=shutil.ignore_patterns('*.yml', '*.log'))
    return to


class Node:
    """A running node; `up` is how long it took until it was ready, in seconds."""

    def __init__(self, data, catalogue=None, fresh=False):
        if fresh:
            shutil.rmtree(data, ignore_errors=True)
        self.data = pathlib.Path(data)
        listen = self.data / 'run/listen.json'
        listen.unlink(missing_ok=True)
        self.log = open(self.data.parent / 'khiend.log', 'ab')
        start = time.monotonic()
        args = [KHIEND, '--data', data, '--listen-syslog', '127.0.0.1:0', '--listen-syslog-tls', '127.0.0.1:0',
                '--listen-https', '127.0.0.1:0', '--catalogue', catalogue or ROOT / 'catalogue']
        self.p = subprocess.Popen([str(a) for a in args], stdout=self.log, stderr=self.log)
        while not listen.exists():
            if self.p.poll() is not None or time.monotonic() - start > 120:
                raise proc.Failed(f'khiend does not start; see {self.log.name}')
            time.sleep(0.001)
        self.up = time.monotonic() - start
        self.up_cpu = proc.cpu(self.p.pid)
        self.pid = self.p.pid
        host, port = json.loads(listen.read_text())['syslog'].rsplit(':', 1)
        self.address = (host, int(port))

    def events(self):
        out = proc.run([KHIEN, 'status', '--data', self.data, '--json']).out
        return json.loads(out)['system']['store']['events']

    def kill(self):
        """As a power cut would, but for the kernel's cache."""
        pids = proc.tree(self.pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.p.wait()
        while any(os.path.exists(f'/proc/{pid}') for pid in pids):
            time.sleep(0.01)
        self.log.close()

    def stop(self):
        """Brings everything to the disk; CPU seconds of the whole life."""
        cpu = proc.end(self.p)
        self.log.close()
        return cpu


def send(address, corpus):
    """A file into a TCP port, as one sender does."""
    with socket.create_connection(address) as s, open(corpus, 'rb') as f:
        s.sendfile(f)
        s.shutdown(socket.SHUT_WR)
        s.settimeout(600)
        while s.recv(4096):
            pass


def ingest(out, corpus, lines, catalogue=None, data='data'):
    """The corpus over TCP to a running node, until everything is stored and sealed. CPU: intake, seal, orderly end."""
    node = Node(out / data, catalogue, fresh=True)
    before, first, start = proc.cpu(node.pid), node.events(), time.monotonic()
    send(node.address, corpus)
    proc.wait_quiet(node.pid)
    while node.events() - first < lines and time.monotonic() - start < 1800:
        proc.wait_quiet(node.pid)
    wall = time.monotonic() - start - 1.0
    stored, rss, io = node.events() - first, proc.peak_rss(node.pid), proc.written(node.pid)
    cpu = node.stop() - before
    if stored < lines:
        raise proc.Failed(f'khien: {stored} events stored, {lines} sent')
    return proc.Cost(wall, cpu, rss, io)


def start_after_kill(out, corpus, after_s=3.0):
    """A node that is killed while it takes lines as fast as it can; (seconds until the next is ready, events replayed)."""
    node = Node(out / 'data-killed', fresh=True)
    sender = threading.Thread(target=_send_until_cut, args=(node.address, corpus), daemon=True)
    sender.start()
    time.sleep(after_s)
    node.kill()
    sender.join(30)
    node = Node(out / 'data-killed')
    up, text = node.up, pathlib.Path(node.log.name).read_text()
    node.stop()
    shutil.rmtree(out / 'data-killed', ignore_errors=True)
    found = re.findall(r'(\d+) events from the write-ahead log', text)
    return up, int(found[-1]) if found else 0


def _send_until_cut(address, corpus):
    with contextlib.suppress(OSError):
        send(address, corpus)


def load(out, corpus, data, *options):
    shutil.rmtree(out / data, ignore_errors=True)
    return proc.run([KHIEN, 'import', '--data', out / data, *options, corpus])


# The times of the corpus: the node's own audit records of these very searches lie outside.
RANGE = ('--from', '2026-11-21T00:00:00Z', '--to', '2026-11-22T12:00:00Z')
QUERIES = {
    'rare': ('kimtrongdong', '--count'),
    'absent': ('khongcotunay', '--count'),
    'phrase': ('"Failed password"', '--count'),
    'regex': ('raw:/[a-z]{4}[0-9]{2}@[a-z]{4}/', '--count'),
    'group': ('* | stats count() by process.name',),
}


class Searcher:
    """Queries to a running node by the tool; the CPU seconds of node and tool count."""

    def __init__(self, out, data='data'):
        self.node = Node(out / data)
        proc.wait_quiet(self.node.pid)

    def query(self, kind):
        query, *options = QUERIES[kind]
        before = proc.cpu(self.node.pid)
        c = proc.run([KHIEN, 'search', '--data', self.node.data, query, *RANGE, *options])
        c.cpu += proc.cpu(self.node.pid) - before
        return c

    def count(self, kind):
        return int(self.query(kind).out.split()[0])

    def close(self):
        self.node.stop()


def stored(out, data='data'):
    return proc.size_of(out / data / 'store')
