"""Peers that are installed on this machine. Each says what it does not do; none of them is part of Khiên."""
import os
import pathlib
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

from . import proc
from .khien import send


def _port():
    import socket
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def _open_port(p, port, what):
    import socket
    for _ in range(600):
        if p.poll() is not None:
            break
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.05)
    raise proc.Failed(f'{what} does not start')


class TextPeer:
    """A syslog server that writes lines to a plain file."""

    def ingest(self, out, corpus, lines):
        home = out / self.name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        port, to = _port(), home / 'out.log'
        with open(home / 'log', 'wb') as log:
            p = subprocess.Popen(self.command(home, port, to), stdout=log, stderr=log, env=self.env())
        _open_port(p, port, self.name)
        before, start = proc.cpu(p.pid), time.monotonic()
        send(('127.0.0.1', port), corpus)
        proc.wait_quiet(p.pid)
        wall, rss, io = time.monotonic() - start - 1.0, proc.peak_rss(p.pid), proc.written(p.pid)
        cpu = proc.end(p) - before
        with open(to, 'rb') as f:
            got = sum(block.count(b'\n') for block in iter(lambda: f.read(1 << 20), b''))
        to.unlink()
        if got < lines * 0.999:
            raise proc.Failed(f'{self.name}: {got} of {lines} lines')
        return proc.Cost(wall, cpu, rss, io)

    def env(self):
        return None


class Rsyslog(TextPeer):
    name = 'rsyslog'
    without = 'plain text file: no fields, index, compression, encryption, seal, detection, sync, acknowledgement'

    def version(self):
        path = shutil.which('rsyslogd') or shutil.which('rsyslogd', path='/usr/sbin')
        self.path = path
        return path and subprocess.run([path, '-v'], capture_output=True, text=True).stdout.split()[1]

    def command(self, home, port, to):
        conf = home / 'rsyslog.conf'
        conf.write_text(f'''global(workDirectory="{home}" maxMessageSize="64k")
module(load="imptcp" threads="2")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="in" queue.type="fixedArray" queue.size="250000" queue.dequeueBatchSize="4096" queue.workerThreads="2") {{
  action(type="omfile" file="{to}" template="raw" asyncWriting="on" ioBufferSize="64k" flushOnTXEnd="off")
}}
input(type="imptcp" port="{port}" address="127.0.0.1" ruleset="in")
''')
        return [self.path, '-n', '-f', str(conf), '-i', str(home / 'pid')]


class SyslogNg(TextPeer):
    """Conflicts with rsyslog as a package: `bench/peers.sh` unpacks it beside."""
    name = 'syslog-ng'
    without = Rsyslog.without

    def version(self):
        self.beside = pathlib.Path(__file__).resolve().parent.parent / 'out/peers/syslog-ng'
        self.path = shutil.which('syslog-ng', path='/usr/sbin') or shutil.which('syslog-ng', path=str(self.beside / 'usr/sbin'))
        if self.path is None:
            return None
        out = subprocess.run([self.path, '--version'], capture_output=True, text=True, env=self.env()).stdout
        return out.split('\n')[0].split('(')[-1].rstrip(')') if out else None

    def env(self):
        lib = self.beside / 'usr/lib'
        return dict(os.environ, LD_LIBRARY_PATH=f'{lib}/syslog-ng:{lib}/x86_64-linux-gnu')

    def command(self, home, port, to):
        conf = home / 'syslog-ng.conf'
        modules = self.beside / 'usr/lib/syslog-ng'
        inner = next((str(m) for m in modules.glob('3*')), str(modules)) if modules.exists() else ''
        conf.write_text(f'''@version: 3.38
options {{ stats-level(0); time-reopen(1); log-msg-size(65536); }};
source s {{ network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-multi-line store-raw-message) log-iw-size(100000) max-connections(10)); }};
destination d {{ file("{to}" template("$RAWMSG\\n") log-fifo-size(200000)); }};
log {{ source(s); destination(d); flags(flow-control); }};
''')
        extra = ['--module-path', inner] if inner else []
        return [self.path, '-F', '-f', str(conf), '-R', str(home / 'persist'), '-c', str(home / 'ctl'), '-p', str(home / 'pid'),
                '--no-caps', *extra]


class ClickHouse:
    name = 'clickhouse'
    without = 'given ready-split TSV: no syslog, no parsing, no encryption, seal, detection or sync; words are found by scanning'

    def version(self):
        path = shutil.which('clickhouse-server')
        return path and subprocess.run(['dpkg-query', '-W', '-f', '${Version}', 'clickhouse-server'],
                                       capture_output=True, text=True).stdout or (path and 'unknown')

    def start(self, out):
        self.home = out / self.name
        shutil.rmtree(self.home, ignore_errors=True)
        for part in ('data', 'tmp'):
            (self.home / part).mkdir(parents=True)
        self.port, tcp, inter = _port(), _port(), _port()
        (self.home / 'users.xml').write_text(
            '<yandex><profiles><default><max_memory_usage>4000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>'
            '<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>'
            '<quota>default</quota></default></users><quotas><default></default></quotas></yandex>')
        (self.home / 'config.xml').write_text(
            f'<yandex><logger><level>warning</level><log>{self.home}/log</log><errorlog>{self.home}/err</errorlog></logger>'
            f'<http_port>{self.port}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inter}</interserver_http_port>'
            f'<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>'
            f'<path>{self.home}/data/</path><tmp_path>{self.home}/tmp/</tmp_path><users_config>users.xml</users_config>'
            '<mark_cache_size>268435456</mark_cache_size><default_profile>default</default_profile><default_database>default</default_database>'
            '<compression><case><min_part_size>0</min_part_size><min_part_size_ratio>0</min_part_size_ratio><method>zstd</method></case></compression>'
            '</yandex>')
        with open(self.home / 'stdout', 'wb') as log:
            self.p = subprocess.Popen(['clickhouse-server', f'--config-file={self.home}/config.xml'], stdout=log, stderr=log, cwd=self.home)
        _open_port(self.p, self.port, self.name)

    def ask(self, query, data=None):
        url = f'http://127.0.0.1:{self.port}/?query={urllib.parse.quote(query)}'
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method='POST'), timeout=900) as r:
            return r.read().decode()

    def ingest(self, out, corpus, lines, keep=False):
        self.start(out)
        self.ask('CREATE TABLE logs (ts DateTime, host String, app String, pid UInt32, pri UInt8, msg String) '
                 'ENGINE=MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (host,app,ts)', b'')
        before, start = proc.cpu(self.p.pid), time.monotonic()
        query = urllib.parse.quote('INSERT INTO logs FORMAT TabSeparated')
        proc.run(['curl', '-sS', '--fail', '-H', 'Transfer-Encoding: chunked', '-T', corpus.with_suffix('.tsv'),
                  f'http://127.0.0.1:{self.port}/?query={query}'])
        wall = time.monotonic() - start
        proc.wait_quiet(self.p.pid)
        rss, io, cpu = proc.peak_rss(self.p.pid), proc.written(self.p.pid), proc.cpu(self.p.pid) - before
        got = int(self.ask('SELECT count() FROM logs'))
        if got != lines:
            raise proc.Failed(f'clickhouse: {got} of {lines} rows')
        if not keep:
            self.close()
        return proc.Cost(wall, cpu, rss, io)

    QUERIES = {
        'rare': "SELECT count() FROM logs WHERE msg LIKE '%kimtrongdong%'",
        'absent': "SELECT count() FROM logs WHERE msg LIKE '%khongcotunay%'",
        'phrase': "SELECT count() FROM logs WHERE msg LIKE '%Failed password%'",
        'regex': "SELECT count() FROM logs WHERE match(msg, '[a-z]{4}[0-9]{2}@[a-z]{4}')",
        'group': 'SELECT app, count() FROM logs GROUP BY app ORDER BY count() DESC FORMAT TabSeparated',
    }

    def query(self, kind):
        before, start = proc.cpu(self.p.pid), time.monotonic()
        out = self.ask(self.QUERIES[kind])
        return proc.Cost(time.monotonic() - start, proc.cpu(self.p.pid) - before, out=out)

    def count(self, kind):
        return int(self.query(kind).out)

    def stored(self):
        return int(self.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'logs'"))

    def close(self):
        proc.end(self.p)


class ZstdRg:
    """The file compressed by zstd -3, searched by ripgrep."""
    name = 'zstdcat+rg'
    without = 'a compressed file: no intake, fields, index, encryption, seal or detection; group-by is not possible'
    PATTERNS = {'rare': ['-F', 'kimtrongdong'], 'absent': ['-F', 'khongcotunay'], 'phrase': ['-F', 'Failed password'],
                'regex': ['[a-z]{4}[0-9]{2}@[a-z]{4}']}

    def version(self):
        if not (shutil.which('rg') and shutil.which('zstdcat')):
            return None
        return subprocess.run(['rg', '--version'], capture_output=True, text=True).stdout.split()[1]

    def prepare(self, out, corpus):
        self.file = out / 'corpus.zst'
        return proc.run(['zstd', '-q', '-f', '-3', '-o', self.file, corpus])

    def query(self, kind):
        options = ' '.join(f"'{o}'" for o in self.PATTERNS[kind])
        return proc.run(f"zstdcat '{self.file}' | rg -a -c {options} || [ $? = 1 ]", shell=True)

    def count(self, kind):
        return int(self.query(kind).out or 0)

    def stored(self):
        return self.file.stat().st_size

    def close(self):
        self.file.unlink(missing_ok=True)


def installed():
    """(those that run here, lines about those that do not)"""
    have, absent = [], []
    for p in (Rsyslog(), SyslogNg(), ClickHouse(), ZstdRg()):
        v = p.version()
        if v:
            p.v = v.strip()
            have.append(p)
        else:
            absent.append(p.name)
    return have, absent + ['VictoriaLogs', 'VictoriaMetrics']
