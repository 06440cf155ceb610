"""A node in a temporary directory, its tool, an HTTPS client, and TAP output, for the tests beside this file.

Every wait is a poll with a deadline: the programs may be built with sanitizers and the machine may be busy.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(os.environ.get('KHIEN_SOURCE_ROOT', pathlib.Path(__file__).resolve().parents[2]))
WAIT_S = 60
LOCAL = '127.0.0.1'
PASSWORD = 'Khien!Test#2026ab'
KHIEND, KHIEN = (os.path.abspath(p) for p in sys.argv[1:3])


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def need(condition, text='not so'):
    if not condition:
        raise Failure(text)


def equal(got, wanted, text='value'):
    need(got == wanted, f'{text}: {got!r}, wanted {wanted!r}')


def until(question, text, wait_s=WAIT_S):
    """Ask again until the answer is true; returns it."""
    end = time.monotonic() + wait_s
    pause = 0.02
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f'not within {wait_s} s: {text}')
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def run_cases(cases):
    """Run the functions in order; each is one TAP line named by the first line of its description."""
    print(f'1..{len(cases)}', flush=True)
    bad = 0
    for number, case in enumerate(cases, 1):
        name = (case.__doc__ or case.__name__).strip().splitlines()[0].rstrip('.')
        try:
            case()
            print(f'ok {number} - {name}', flush=True)
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        except Exception as failure:
            bad += 1
            print(f'not ok {number} - {name}', flush=True)
            text = str(failure) if isinstance(failure, Failure) else ''.join(traceback.format_exception(failure))
            where = traceback.extract_tb(failure.__traceback__)[-1]
            for line in [f'{w.name}:{w.lineno}' for w in traceback.extract_tb(failure.__traceback__)[-4:-1]] + \
                    [f'{where.filename}:{where.lineno}'] + text.splitlines():
                print(f'# {line}', flush=True)
    clean_up()
    return 1 if bad else 0


_open = []


def clean_up():
    for thing in reversed(_open):
        with contextlib.suppress(Exception):
            thing()
    _open.clear()


def folder():
    """A new temporary directory with a short name (a local socket's path must fit in 108 bytes)."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='khien-', dir='/tmp'))
    _open.append(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


def khien(*args, stdin=None, code=0, cwd=None, wait_s=WAIT_S):
    """Run the tool; fails unless it ends with `code` (None: any)."""
    done = subprocess.run([KHIEN, *map(str, args)], input=stdin, capture_output=True, timeout=wait_s, cwd=cwd)
    done.out = done.stdout.decode(errors='replace')
    done.err = done.stderr.decode(errors='replace')
    if code is not None:
        need(done.returncode == code, f'khien {" ".join(map(str, args))[:200]}: code {done.returncode}, wanted {code}'
             f'\n{done.out[-1500:]}\n{done.err[-1500:]}')
    return done


class Node:
    def __init__(self, data=None, settings='', options=()):
        self.data = pathlib.Path(data) if data else folder() / 'd'
        self.options = options
        self.process = None
        self.out = self.err = self.refusal = ''
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.configure(settings)
        _open.append(self.kill)

    def configure(self, settings=''):
        (self.data / 'khien.yaml').write_text(f'journal: "off"\ncatalogue: {ROOT}/catalogue\n{settings}')

    def spawn(self):
        (self.data / 'run' / 'listen.json').unlink(missing_ok=True)
        self.out, self.err = '', ''
        self.process = subprocess.Popen(
            [KHIEND, '--data', str(self.data), '--listen-syslog', f'{LOCAL}:0', '--listen-syslog-tls', f'{LOCAL}:0',
             '--listen-https', f'{LOCAL}:0', *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.readers = [threading.Thread(target=self._read, args=a, daemon=True)
                        for a in ((self.process.stdout, 'out'), (self.process.stderr, 'err'))]
        for reader in self.readers:
            reader.start()
        return self

    def _read(self, pipe, name):
        for line in pipe:
            setattr(self, name, getattr(self, name) + line.decode(errors='replace'))

    def start(self):
        self.spawn()
        path = self.data / 'run' / 'listen.json'

        def is_ready():
            need(self.process.poll() is None, f'the node ended with {self.process.returncode}: {self.err[-2000:]}')
            return path.exists() and 'ready' in self.out and '\n\n' in self.out[1:]
        until(is_ready, 'the node is ready')
        self.listen = json.loads(path.read_text())
        return self

    @property
    def code(self):
        return until(lambda: re.search(r'set-up code.*?([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})', self.out),
                     'a set-up code on stdout').group(1)

    def port(self, name):
        return int(self.listen[name].rsplit(':', 1)[1])

    def stop(self, code=0):
        """End the node in order; what it did not say about itself is a failure."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        got = self.process.wait(WAIT_S)
        for reader in self.readers:
            reader.join(WAIT_S)
        self.process = None
        need(got == code, f'the node ended with {got}, wanted {code}: {self.err[-3000:]}')
        for word in ('ERROR: AddressSanitizer', 'ERROR: LeakSanitizer', 'runtime error:'):
            need(word not in self.err, f'{word}\n{self.err[-6000:]}')

    def kill(self):
        """End every process of the node at once, as a power cut does."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(WAIT_S)
        for reader in self.readers:
            reader.join(WAIT_S)
        self.process = None

    def tool(self, command, *args, **more):
        return khien(command, '--data', self.data, *args, **more)

    def status(self):
        done = self.tool('status', '--json', code=None)
        return json.loads(done.out) if done.returncode == 0 else None

    def pids(self):
        status = self.status()
        return {p['name']: p['pid'] for p in status['system']['processes']} if status else {}

    def logs(self, query):
        """The query without the node's own events: its audit record repeats the words that people searched for."""
        return f'({query}) NOT event.dataset:khien.*'

    def count(self, query):
        done = self.tool('search', '--count', self.logs(query), code=None)
        self.refusal = '' if done.returncode == 0 else done.err.strip()
        return int(done.out) if done.returncode == 0 else -1

    def wait_count(self, query, wanted):
        last = []

        def is_there():
            last[:] = [self.count(query)]
            return last[0] == wanted
        try:
            until(is_there, '')
        except Failure:
            raise Failure(f'{query}: {last[0]} events, wanted {wanted} {self.refusal}') from None

    def search(self, query, *args, limit=100000):
        return [json.loads(line) for line in
                self.tool('search', '--json', '--limit', limit, *args, self.logs(query)).out.splitlines()]

    def settle(self):
        """Until what core has taken is on the disk: the log of one import is acknowledged only then."""
        self.tool('import', '--source', 'barrier', '-', stdin=b'barrier\n')

    def tls(self):
        """A context that trusts this node's certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.data / 'keys' / 'tls.crt'))

    def send(self, payload, tls=None):
        """One connection to the TCP or TLS port; the payload and the end."""
        with socket.create_connection((LOCAL, self.port('syslog_tls' if tls else 'syslog')), WAIT_S) as s:
            if tls:
                with tls.wrap_socket(s, server_hostname=LOCAL) as t:
                    t.sendall(payload)
            else:
                s.sendall(payload)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'<{self.status} {self.body[:600]!r}>'


class Client:
    """A browser: keeps the cookie and sends the CSRF value."""

    def __init__(self, node):
        self.node, self.cookie, self.csrf = node, None, None

    def connect(self):
        return http.client.HTTPSConnection(LOCAL, self.node.port('https'), timeout=WAIT_S, context=self.node.tls())

    def ask(self, method, path, body=None, headers=None, code=None, csrf=True):
        sent = dict(headers or {})
        if self.cookie:
            sent['Cookie'] = self.cookie
        if self.csrf and csrf and method != 'GET':
            sent['X-Khien-CSRF'] = self.csrf
        if body is not None and not isinstance(body, bytes):
            sent.setdefault('Content-Type', 'application/json')
            body = json.dumps(body).encode()
        connection = self.connect()
        try:
            connection.request(method, path if path.startswith('/healthz') or path.startswith('/readyz') or
                               path.startswith('/metrics') or path == '/' else '/api/v1' + path, body, sent)
            got = connection.getresponse()
            answer = Answer(got.status, got.headers, got.read())
        finally:
            connection.close()
        for cookie in got.headers.get_all('Set-Cookie') or []:
            self.cookie = cookie.split(';')[0]
        if code is not None:
            need(answer.status == code, f'{method} {path}: {answer!r}, wanted {code}')
        return answer

    def get(self, path, code=200):
        return self.ask('GET', path, code=code).json

    def post(self, path, body=None, code=None, **more):
        return self.ask('POST', path, {} if body is None else body, code=code, **more)

    def take_csrf(self):
        self.csrf = self.get('/session')['csrf']
        return self

    def set_up(self, login='admin', password=PASSWORD):
        self.post('/setup', {'code': self.node.code, 'org': {'name': 'Sở Khoa học', 'code': 'H01', 'address': ''},
                             'name': 'Nguyễn Văn A', 'phone': '0900000000', 'login': login, 'password': password,
                             'role': 'agency'}, code=201)
        return self.take_csrf()

    def sign_in(self, login, password, code=200):
        answer = self.post('/session', {'login': login, 'password': password}, code=code, csrf=False)
        if answer.status == 200:
            self.csrf = answer.json['csrf']
        return answer


def find_program(*names):
    """Path of the first of several programs, or skip; in a build service nothing may be missing."""
    for name in names:
        path = shutil.which(name) or shutil.which(name, path='/usr/sbin:/sbin:/usr/local/sbin')
        if path:
            return path
    if os.environ.get('CI'):
        raise Failure(f'{names[0]} is not installed')
    raise Skip(f'{names[0]} is not installed')
