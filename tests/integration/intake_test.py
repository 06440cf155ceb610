"""Logs come in: real senders over UDP, TCP and TLS; hostile lines; nothing lost, nothing doubled."""
import base64
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

from node import (LOCAL, WAIT_S, Client, Failure, Node, Skip, _open, equal, find_program, folder, need,
                  run_cases, until)

node = Node()
client = Client(node)


def start():
    """The node starts and answers."""
    node.start()
    client.set_up()
    equal(client.ask('GET', '/healthz').status, 200)


def logger(*args):
    subprocess.run([find_program('logger'), '-n', LOCAL, '-P', str(node.port('syslog')), *args], check=True,
                   timeout=WAIT_S)


def logger_sends():
    """logger over UDP and TCP, octet-counted and by lines, in both forms."""
    n = 0
    for transport in (['-d'], ['-T'], ['-T', '--octet-count']):
        for form in ('--rfc3164', '--rfc5424'):
            n += 1
            logger(*transport, form, '-t', 'loggertest', '-p', 'auth.warning', f'loggermark number {n} Đặng Văn Ổn')
    node.wait_count('loggermark', n)
    node.wait_count('loggermark log.level:warning process.name:loggertest', n)
    node.wait_count('loggermark "dang van on"', n)
    events = node.search('loggermark')
    equal(sorted(e['message'] for e in events),
          sorted(f'loggermark number {i} Đặng Văn Ổn' for i in range(1, n + 1)), 'messages')


RSYSLOG = r'''
global(workDirectory="{dir}" DefaultNetstreamDriverCAFile="{ca}")
module(load="imfile")
{template}
input(type="imfile" File="{dir}/in.log" Tag="peer:" Ruleset="out")
ruleset(name="out") {{
{actions}
}}
'''


def rsyslog_sends():
    """rsyslog over UDP, TCP by lines, TCP octet-counted and TLS."""
    program = find_program('rsyslogd')
    modules = [p for p in pathlib.Path('/usr/lib').glob('*/rsyslog') if (p / 'imfile.so').exists()] + \
        [p for p in [pathlib.Path('/usr/lib/rsyslog'), pathlib.Path('/usr/lib64/rsyslog')] if p.exists()]
    if not modules:
        raise Skip('the modules of rsyslog are not installed')
    driver = next((d for d in ('ossl', 'gtls') if (modules[0] / f'lmnsd_{d}.so').exists()), None)
    ways = [('udp', 'protocol="udp"'), ('lines', 'protocol="tcp"'),
            ('octets', 'protocol="tcp" TCP_Framing="octet-counted"')]
    if driver:
        ways.append(('tls', f'protocol="tcp" TCP_Framing="octet-counted" StreamDriver="{driver}" StreamDriverMode="1" '
                            'StreamDriverAuthMode="x509/certvalid"'))
    work = folder()
    templates, actions = '', ''
    for name, options in ways:
        templates += (f'template(name="{name}" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% '
                      f'rsyslogpeer - - - way{name} %msg%\\n")\n')
        port = node.port('syslog_tls' if name == 'tls' else 'syslog')
        actions += f'  action(type="omfwd" target="{LOCAL}" port="{port}" template="{name}" {options})\n'
    conf = work / 'rsyslog.conf'
    conf.write_text(RSYSLOG.format(dir=work, ca=node.data / 'keys' / 'tls.crt', template=templates, actions=actions))
    lines = 200
    (work / 'in.log').write_text(''.join(f'line {i} of the peer\n' for i in range(lines)))
    log = open(work / 'log', 'wb')
    peer = subprocess.Popen([program, '-n', '-f', conf, '-i', work / 'pid', '-M', modules[0]], stdout=log, stderr=log,
                            stdin=subprocess.DEVNULL)
    _open.append(peer.kill)
    try:
        for name, _ in ways:
            node.wait_count(f'way{name} process.name:rsyslogpeer', lines)
            found = [e['message'] for e in node.search(f'way{name} process.name:rsyslogpeer')]
            equal(len(set(found)), lines, f'different lines over {name}')
    except Failure as failure:
        raise Failure(f'{failure}\n{(work / "log").read_text(errors="replace")[-2000:]}') from None
    finally:
        peer.terminate()
        peer.wait(WAIT_S)
        log.close()
    if not driver:
        raise Skip('UDP and TCP passed; rsyslog has no TLS driver here')


def s_client(payload, *options):
    return subprocess.run(
        [find_program('openssl'), 's_client', '-connect', f'{LOCAL}:{node.port("syslog_tls")}', '-quiet', '-no_ign_eof',
         '-CAfile', node.data / 'keys' / 'tls.crt', '-verify_return_error', *options],
        input=payload, capture_output=True, timeout=WAIT_S)


def octets(*messages):
    return b''.join(b'%d %s' % (len(m), m) for m in messages)


def openssl_sends():
    """openssl s_client over TLS 1.2 and 1.3, octet-counted and by lines."""
    for version in ('tls1_2', 'tls1_3'):
        word = version.replace('_', 'x')
        m = [b'<38>1 2026-11-22T08:00:00+07:00 h sclient - - - %s frame%d' % (word.encode(), i) for i in range(4)]
        for payload in (octets(m[0], m[1]), b'\n'.join(m[2:]) + b'\n'):
            done = s_client(payload, '-' + version)
            equal(done.returncode, 0, f'{version}: {done.stderr[-500:]}')
        node.wait_count(f'{word} process.name:sclient', 4)


def old_tls_refused():
    """TLS 1.1 is refused and the port goes on."""
    done = s_client(b'<38>old tls\n', '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0')
    need(done.returncode != 0, 'TLS 1.1 was accepted')
    node.send(b'<38>1 - h a - - - afterold tls\n', tls=node.tls())
    node.wait_count('afterold', 1)
    equal(node.count('"old tls" NOT afterold'), 0)


def half_open_tls():
    """Bytes that are no TLS on the TLS port end that connection only."""
    with socket.create_connection((LOCAL, node.port('syslog_tls')), WAIT_S) as s:
        s.sendall(b'<13>plain text on the wrong port\n' * 10)
        s.settimeout(WAIT_S)
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass
    node.send(b'<38>1 - h a - - - afterplain\n', tls=node.tls())
    node.wait_count('afterplain', 1)


def parallel():
    """Twenty connections with 500 lines each: every line exactly once, counters right."""
    def tcp_received():
        rows = [s for s in client.get('/sources')['items'] if s['kind'] == 'tcp']
        return sum(s['received'] for s in rows), sum(s['stored'] for s in rows), sum(s['dropped'] for s in rows)
    before = None

    def is_quiet():
        nonlocal before
        last, before = before, tcp_received()
        return last == before and before[0] == before[1]
    until(is_quiet, 'the counters of earlier lines')
    connections, lines = 20, 500

    def one(k):
        text = [b'<134>1 2026-11-22T08:00:%02d+07:00 host%d bulk - - - paralleltest c%dn%d' % (i % 60, k, k, i)
                for i in range(lines)]
        node.send(octets(*text) if k % 2 else b'\n'.join(text) + b'\n')
    threads = [threading.Thread(target=one, args=(k,)) for k in range(connections)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(WAIT_S)
    node.wait_count('paralleltest', connections * lines)
    found = [e['message'].split()[1] for e in node.search('paralleltest')]
    equal(len(found), connections * lines, 'lines')
    equal(set(found), {f'c{k}n{i}' for k in range(connections) for i in range(lines)}, 'different lines')
    until(lambda: tcp_received() == (before[0] + connections * lines, before[1] + connections * lines, 0),
          'counters of GET /sources')


def hostile():
    """Broken bytes, a line of 1 MB, old and future times, empty lines, no PRI: all kept, the malformed counted."""
    big = b'bigline ' + b'x' * (1024 * 1024 - 200) + b' bigend'
    rows = [b'<34>Oct 11 22:14:15 web1 su: hostiletest \xff\xfe\x80 invalid',
            b'<34>Oct 11 22:14:15 web1 su: hostiletest nul\x00inside',
            b'<13>1 1970-01-01T00:00:00Z h a - - - hostiletest seventy',
            b'<13>1 2100-01-01T00:00:00Z h a - - - hostiletest future',
            b'hostiletest without any PRI',
            b'<999>hostiletest impossible PRI',
            b'<13>1 hostiletest cut',
            b'<13>1 - h a - - - hostiletest ' + big]
    sources = {s['id']: s['malformed'] for s in client.get('/sources')['items']}
    node.send(b'\n\n\r\n' + b'\n\n'.join(rows) + b'\n\n\n')
    node.wait_count('hostiletest', len(rows))
    events = {e['event.original'][:60]: e for e in node.search('hostiletest')}
    equal(len(events), len(rows), 'different lines')
    node.wait_count('bigline bigend', 1)
    times = {e['message']: e['@timestamp'] for e in node.search('hostiletest')}
    equal(times['hostiletest seventy'], '1970-01-01T00:00:00Z')
    equal(times['hostiletest future'], '2100-01-01T00:00:00Z')
    raw = sorted(base64.b64decode(e['khien.original_base64']) for e in node.search('hostiletest')
                 if 'khien.original_base64' in e)
    equal(raw, [rows[0]], 'bytes that are not UTF-8 are kept')
    malformed = sum(1 for e in events.values() if e.get('khien.malformed'))
    need(malformed >= 2, f'{malformed} lines are marked as malformed')
    until(lambda: sum(s['malformed'] - sources.get(s['id'], 0) for s in client.get('/sources')['items']) == malformed,
          f'GET /sources counts {malformed} malformed lines')


def too_long():
    """A line above 1 MiB comes in parts, none lost."""
    body = b'partmark ' + b'y' * (1536 * 1024) + b' partend'
    node.send(b'<13>1 - h a - - - ' + body + b'\n<13>1 - h a - - - afterpart\n')
    node.wait_count('partmark', 1)
    node.wait_count('partend', 1)
    node.wait_count('afterpart', 1)


def udp_edges():
    """Empty and large datagrams do no harm."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for payload in (b'', b'\n', b'\x00', b'<13>udpedge ' + b'z' * 60000, b'<13>udpedge end\n'):
            s.sendto(payload, (LOCAL, node.port('syslog')))
    node.wait_count('udpedge', 2)


def kernel_drops():
    """Datagrams that the kernel has no room for are counted and shown, though nobody knows whose they were."""
    equal(node.status()['system']['kernel_dropped'], 0)
    front = node.pids()['front']
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        os.kill(front, signal.SIGSTOP)
        try:
            for n in range(30000):
                s.sendto(b'<13>kerneldrop %d ' % n + b'z' * 1200, (LOCAL, node.port('syslog')))
        finally:
            os.kill(front, signal.SIGCONT)
        lost = until(lambda: s.sendto(b'<13>kerneldrop after\n', (LOCAL, node.port('syslog'))) and
                     node.status()['system']['kernel_dropped'], 'the count of dropped datagrams')
    need(f'{lost} UDP datagrams' in node.tool('status').out, 'khien status tells it')
    equal(client.get('/system')['kernel_dropped'], lost)
    need(client.get('/today')['complete']['gaps'] > 0, 'a gap in the data')
    node.stop()
    node.start()
    equal(node.status()['system']['kernel_dropped'], lost, 'after a restart')
    until(lambda: all((p['rss_bytes'] or 0) > 1 << 20 for p in node.status()['system']['processes']),
          'memory of both processes')


def stop():
    """The node ends with code 0 and every seal holds."""
    everything = node.count('*')
    node.stop()
    node.tool('verify')
    need(node.count('*') >= everything, 'events are missing after the stop')


sys.exit(run_cases([start, logger_sends, rsyslog_sends, openssl_sends, old_tls_refused, half_open_tls, parallel,
                    hostile, too_long, udp_edges, kernel_drops, stop]))
