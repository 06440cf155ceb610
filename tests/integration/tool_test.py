"""The tool: import, search, verify, duties, parse, rules, detect; exit codes and messages; a full disk."""
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

from node import KHIEND, LOCAL, PASSWORD, ROOT, WAIT_S, Client, Node, Skip, _open, equal, folder, khien, need, run_cases, until

work = folder()
data = work / 'd'
secret = 'bimatquocgia'
lines = [f'<38>Nov 2{n % 2} 08:{n // 60 % 60:02d}:{n % 60:02d} may{n % 7} sshd[{n}]: Failed password for '
         f'{secret}{n} from 203.0.113.{n % 250} port {1000 + n} ssh2\n' for n in range(3000)]
lines += ['<13>Nov 21 09:00:00 may1 app: Trần Đặng Khoa đăng nhập\n',
          '<13>Nov 21 09:00:01 may1 app: Trần Đặng Khoa\n', 'không có gì cả\n']
log = work / 'log'


def tool(command, *args, **more):
    return khien(command, '--data', data, *args, **more)


def count(query='*'):
    return int(tool('search', '--count', f'({query}) NOT event.dataset:khien.*').out)


def stored():
    return [p for p in sorted((data / 'store').rglob('*')) if p.is_file() and p.stat().st_size > 0]


def set_up():
    data.mkdir(mode=0o700)
    (data / 'khien.yaml').write_text(f'journal: "off"\ncatalogue: {ROOT}/catalogue\n')
    log.write_text(''.join(lines), encoding='utf-8')


def import_offline():
    """An import without a node: as many events as the file has lines."""
    set_up()
    tool('import', '--format', 'syslog', log)
    equal(int(tool('search', '--count', '*').out), len(lines), 'search --count *')
    equal(len(tool('search', '--json', '--limit', 100000, '*').out.splitlines()), len(lines), 'search --json')
    equal(len(tool('search', '--limit', 10, '*').out.splitlines()), 10, 'search --limit')
    first = json.loads(tool('search', '--json', '--oldest', '--limit', 1, f'{secret}0').out)
    equal(first['user.name'], f'{secret}0')


def folding():
    """Marks and case are folded: dang finds Đặng, composed and decomposed."""
    for query in ('dang khoa', 'ĐẶNG khoa', 'Đặng khoa', '"tran dang"'):
        equal(count(query), 2, query)


def standard_input():
    """import - reads standard input, with CRLF, without a last line end, with bytes that are not UTF-8."""
    other = work / 'other'
    khien('import', '--data', other, '--catalogue', ROOT / 'catalogue', '-',
          stdin=b'<13>one stdinmark\r\n<13>two stdinmark \xff\n\n<13>three stdinmark')
    equal(khien('search', '--data', other, '--catalogue', ROOT / 'catalogue', '--count', 'stdinmark').out, '3\n')


def online():
    """The same commands against a running node."""
    node = Node(data).start()
    try:
        use(node)
    finally:
        node.kill()
    tool('verify')
    equal(count(), 2 * len(lines), 'events after the stop')


def use(node):
    equal(count(), len(lines), 'events of the running node')
    tool('import', '--format', 'syslog', log)
    equal(count(), 2 * len(lines), 'events after a second import')
    equal(count(f'{secret}7'), 2)
    need('every seal holds' in tool('verify').out, 'verify with the node running')
    status = json.loads(tool('status', '--json').out)
    need(status['system']['store']['events'] >= 2 * len(lines), 'events in the status')
    need(tool('doctor', code=None).returncode in (0, 1), 'doctor')
    need(len(tool('duties', '--json').out.splitlines()) >= 332, 'duties of the running node')
    done = khien('admin', 'reset', '--data', data, 'admin', code=3)
    need('using this directory' in done.err, done.err)
    second = subprocess.run([KHIEND, '--data', data], capture_output=True, text=True, timeout=WAIT_S)
    equal(second.returncode, 3, 'a second node in the directory')
    need('using this directory' in second.stderr, second.stderr)
    node.stop()


def nothing_readable():
    """No log text stands readable in any file of the data directory."""
    for path in data.rglob('*'):
        if path.is_file():
            content = path.read_bytes()
            for word in (secret.encode(), b'Failed password', 'Đặng'.encode(), b'203.0.113.'):
                need(word not in content, f'{word!r} stands in {path}')


def flips():
    """One flipped byte anywhere in the store: verify ends with 1 and names the file; untouched with 0."""
    tool('verify')
    source = random.Random(14)
    files = stored()
    places = [(p, p.stat().st_size // 2) for p in files]
    places += [(p, 0) for p in files] + [(p, p.stat().st_size - 1) for p in files]
    while len(places) < 40:
        p = source.choice(files)
        places.append((p, source.randrange(p.stat().st_size)))
    missed = []
    for path, at in places:
        content = path.read_bytes()
        broken = bytearray(content)
        broken[at] ^= 1 << source.randrange(8)
        path.write_bytes(broken)
        try:
            done = tool('verify', code=None)
            if done.returncode != 1:
                missed.append(f'{path.name}@{at} of {len(content)}: code {done.returncode} {done.err.strip()[:200]}')
            elif path.name not in done.out + done.err:
                missed.append(f'{path.name}@{at}: not named: {(done.out + done.err).strip()[:200]}')
        finally:
            path.write_bytes(content)
    need(not missed, f'{len(missed)} of {len(places)}:\n' + '\n'.join(missed))
    tool('verify')


def cuts():
    """A file of the store that is shortened or gone: verify ends with 1 and names it."""
    missed = []
    for path in stored():
        content = path.read_bytes()
        for what in ('cut', 'gone'):
            if what == 'cut':
                path.write_bytes(content[:-1])
            else:
                path.unlink()
            try:
                done = tool('verify', code=None)
            finally:
                path.write_bytes(content)
                path.chmod(0o600)
            if done.returncode != 1 or path.stem not in done.out + done.err:
                missed.append(f'{path.name} {what}: code {done.returncode} {(done.out + done.err).strip()[:200]}')
    need(not missed, '\n'.join(missed))
    tool('verify')


def duties():
    """duties --json: at least 332 rows, each with status and reason."""
    rows = [json.loads(line) for line in tool('duties', '--json').out.splitlines()]
    need(len(rows) >= 332, f'{len(rows)} rows')
    for row in rows:
        need(row['status'] in ('met', 'failed', 'overdue', 'unknown', 'na') and row['reason'], str(row))
    equal(len({r['id'] for r in rows}), len(rows), 'different ids')
    equal(json.loads(tool('duties', '--json', rows[0]['id']).out)['id'], rows[0]['id'])
    equal(tool('duties', 'D99.9', code=None).returncode, 1)


def parse():
    """parse: one object per line, in order, nothing stored."""
    rows = [json.loads(line) for line in khien('parse', '--json', log).out.splitlines()]
    equal(len(rows), len(lines))
    equal([r['event.original'] for r in rows], [line.rstrip('\n') for line in lines])
    equal(rows[5]['source.ip'], '203.0.113.5')
    equal(len(khien('parse', '--json', '-', stdin=b'a\nb').out.splitlines()), 2)


def rules():
    """rules check and list, detect."""
    rows = [json.loads(r) for r in khien('rules', 'check', '--json', ROOT / 'catalogue/rules', '--catalogue',
                                         ROOT / 'catalogue').out.splitlines()]
    need(rows and all(r['accepted'] for r in rows), 'every shipped rule is accepted')
    need('khien-ssh-bruteforce' in khien('rules', 'list', '--catalogue', ROOT / 'catalogue').out, 'rules list')
    bad = work / 'bad.yml'
    bad.write_text('title: x\ndetection:\n  selection:\n    a: b\n  condition: [selection\n')
    done = khien('rules', 'check', bad, '--catalogue', ROOT / 'catalogue', code=1)
    need('bad.yml:' in done.out + done.err, done.out + done.err)
    row = json.loads(khien('rules', 'check', '--json', bad, '--catalogue', ROOT / 'catalogue', code=1).out)
    need(row['accepted'] is False and row['reason'] and row['line'] >= 5, str(row))
    found = [json.loads(r) for r in khien('detect', '--json', '--catalogue', ROOT / 'catalogue',
                                          ROOT / 'catalogue/rules/ssh/bruteforce.fire.log').out.splitlines()]
    need('khien-ssh-bruteforce' in {r['rule'] for r in found}, str(found))
    need(all(isinstance(r['event'], int) and r['level'] and r['time'] for r in found), str(found))
    quiet = khien('detect', '--json', '--catalogue', ROOT / 'catalogue',
                  ROOT / 'catalogue/rules/ssh/bruteforce.quiet.log').out
    need('khien-ssh-bruteforce' not in quiet, quiet)


def usage():
    """What is asked wrongly: code 2 and a message that says where."""
    equal(khien(code=None).returncode, 2)
    need('no such command' in khien('nosuch', code=2).err, 'an unknown command')
    need('unknown option' in khien('search', '--data', data, '--nosuch', '*', code=2).err, 'an unknown option')
    need('no option of this command' in khien('verify', '--data', data, '--count', code=2).err, 'a foreign option')
    khien('search', '*', code=2)
    khien('search', '--data', data, '--limit', '0', '*', code=2)
    khien('search', '--data', data, '--from', 'someday', '*', code=2)
    for query in ('abc (', 'a AND (', 'severity:>=nosuch', 'x:/(/', '* | nosuch'):
        need('byte ' in tool('search', query, code=2).err, query)
    need(khien('--version').out.startswith('khien '), 'version')
    need('import' in khien('--help').out, 'help')
    for args in (['--nosuch'], ['--data', str(data), 'more'], []):
        equal(subprocess.run([KHIEND, *args], capture_output=True, timeout=WAIT_S).returncode, 2, args)
    equal(khien('search', '--data', work / 'nowhere', '*', code=None).returncode in (1, 3), True)
    equal(khien('import', '--data', data, work / 'nofile', code=None).returncode in (1, 3), True)


def configuration():
    """An unknown key, a value out of its range, broken YAML: code 2, file and line."""
    path = data / 'khien.yaml'
    good = path.read_text()
    try:
        for text in ('nosuch: 1\n', 'retention_days: 0\n', 'retention_days: many\n', 'a: [\n'):
            path.write_text(good + text)
            where = f'khien.yaml:{len((good + text).splitlines())}'
            for program in ([KHIEND, '--data', data], [sys.argv[2], 'search', '--data', data, '*']):
                done = subprocess.run(program, capture_output=True, text=True, timeout=WAIT_S)
                equal(done.returncode, 2, f'{text!r}: {done.stderr}')
                need(where in done.stderr or (text == 'a: [\n' and 'khien.yaml:' in done.stderr), done.stderr)
    finally:
        path.write_text(good)


def keys():
    """The key of another node opens nothing, and the message says so."""
    path = data / 'keys' / 'node.key'
    good = path.read_bytes()
    try:
        path.write_bytes(bytes(b ^ 0x55 for b in good))
        for program in ([KHIEND, '--data', data, '--listen-https', f'{LOCAL}:0', '--listen-syslog', f'{LOCAL}:0',
                         '--listen-syslog-tls', f'{LOCAL}:0'], [sys.argv[2], 'search', '--data', data, '*']):
            done = subprocess.run(program, capture_output=True, text=True, timeout=WAIT_S)
            need(done.returncode in (1, 3), f'{program[0]}: code {done.returncode} {done.stderr}')
            need('node key' in done.stderr, done.stderr)
    finally:
        path.write_bytes(good)
    tool('verify')


def newer():
    """A data directory of a newer version is left alone: code 3."""
    path = data / 'store' / 'format'
    good = path.read_text()
    try:
        path.write_text(good.replace('1', '2'))
        for program in ([KHIEND, '--data', data, '--listen-https', f'{LOCAL}:0', '--listen-syslog', f'{LOCAL}:0',
                         '--listen-syslog-tls', f'{LOCAL}:0'], [sys.argv[2], 'search', '--data', data, '*']):
            done = subprocess.run(program, capture_output=True, text=True, timeout=WAIT_S)
            equal(done.returncode, 3, f'{program[0]}: {done.stderr}')
            need('newer' in done.stderr, done.stderr)
        equal(path.read_text(), good.replace('1', '2'), 'the file')
    finally:
        path.write_text(good)
    tool('verify')


def port_in_use():
    """A port that somebody else has: code 3, and the message names it."""
    with socket.socket() as s:
        s.bind((LOCAL, 0))
        s.listen()
        port = s.getsockname()[1]
        for option in ('--listen-https', '--listen-syslog', '--listen-syslog-tls'):
            others = [o for name in ('--listen-https', '--listen-syslog', '--listen-syslog-tls') if name != option
                      for o in (name, f'{LOCAL}:0')]
            done = subprocess.run([KHIEND, '--data', data, option, f'{LOCAL}:{port}', *others], capture_output=True,
                                  text=True, timeout=WAIT_S)
            equal(done.returncode, 3, done.stderr)
            need(f'{LOCAL}:{port}' in done.stderr, done.stderr)


def read_only():
    """A directory that cannot be written: code 3."""
    if os.geteuid() == 0:
        raise Skip('root may write everywhere')
    place = work / 'ro'
    place.mkdir(mode=0o500)
    done = subprocess.run([KHIEND, '--data', place], capture_output=True, text=True, timeout=WAIT_S)
    equal(done.returncode, 3, done.stderr)
    equal(khien('import', '--data', place, log, code=None).returncode, 3)


def full_disk():
    """A full disk: intake stops with back-pressure, nothing acknowledged is lost, it goes on when there is room."""
    place = folder()
    mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', place], capture_output=True, text=True) \
        if os.geteuid() == 0 else None
    if mount is None or mount.returncode != 0:
        raise Skip('no file system can be mounted here')
    _open.append(lambda: subprocess.run(['umount', '-l', place]))
    node = Node(place / 'd', settings='disk_reserve_mib: 16\n').start()
    admin = Client(node).set_up()

    def findings():
        return admin.ask('GET', '/findings', code=200).body

    def intake():
        status = node.status()
        return status['system']['store']['intake'] if status else None
    equal(intake(), 'open')
    node.send(b''.join(b'<134>1 - h a - - - beforefull n%d\n' % n for n in range(500)))
    node.wait_count('beforefull', 500)
    ballast = place / 'ballast'
    with open(ballast, 'wb') as f:
        while True:
            space = os.statvfs(place)
            left = space.f_bavail * space.f_frsize
            if left < 14 << 20:
                break
            f.write(b'\0' * min(1 << 20, left - (13 << 20)))
            f.flush()
    sent = threading.Event()

    def send():
        node.send(b''.join(b'<134>1 - h a - - - duringfull n%d %s\n' % (n, b'x' * 500) for n in range(40000)))
        sent.set()
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    until(lambda: intake() == 'stopped', 'intake stops')
    found = node.count('beforefull')
    equal(found, 500, f'what was stored before {node.refusal}')
    until(lambda: b'khien-intake-stopped' in findings(), 'the finding while the disk is full')
    with open(place / 'rest', 'wb', buffering=0) as f: # now not even the register has room
        try:
            while True:
                f.write(b'\0' * 4096)
        except OSError:
            pass
    refused = until(lambda: [a for a in [admin.ask('POST', '/people', {
        'name': 'B', 'login': f'b{time.monotonic_ns()}', 'role': 'head', 'password': PASSWORD})] if a.status == 507],
        'changes are refused on a full disk')
    need(b'storage_full' in refused[0].body, refused[0].body)
    admin.get('/search?q=beforefull&limit=1')
    equal(node.count('beforefull'), 500, 'the tool can look')
    waiting = node.status()['system']['audit_waiting']
    need(waiting >= 1, f'{waiting} audit records wait')
    (place / 'rest').unlink()
    ballast.unlink()
    until(lambda: intake() == 'open', 'intake opens again')
    until(lambda: node.status()['system']['audit_waiting'] == 0, 'the audit records are written')
    need(any('beforefull' in row['detail'] for row in admin.get('/audit?action=search')['items']), 'the record of the search')
    until(sent.is_set, 'the sender is done')
    node.wait_count('duringfull', 40000)
    equal(node.count('beforefull'), 500)
    for action in ('intake_stopped', 'intake_started'):
        until(lambda: node.tool('search', '--count', f'event.dataset:khien.node event.action:{action}').out == '1\n',
              f'one event {action}')
    node.stop()
    node.tool('verify')


sys.exit(run_cases([import_offline, folding, standard_input, online, nothing_readable, flips, cuts, duties, parse, rules,
                    usage, configuration, keys, newer, port_in_use, read_only, full_disk]))
