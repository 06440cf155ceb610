"""The HTTP interface of a whole node: set-up, sign-in, sessions, findings, evidence by four eyes, logs, limits."""
import base64
import datetime
import json
import re
import socket
import sys
import time
import urllib.parse

from node import LOCAL, PASSWORD, ROOT, WAIT_S, Client, Node, equal, khien, need, run_cases, until

node = Node()
admin = Client(node)
head = Client(node)
HEAD_PASSWORD = 'Truong!Phong#77xy'
NEW_PASSWORD = 'Truong!Phong#88zw'


def problem(answer, status, code):
    equal((answer.status, answer.json.get('code')), (status, code), str(answer))
    need(answer.headers['Content-Type'].startswith('application/problem+json'), answer.headers['Content-Type'])
    return answer.json


def set_up():
    """Set-up with the one-time code: wrong code, weak password and second use are refused."""
    node.start()
    need(admin.get('/setup')['needed'], 'a fresh node needs its set-up')
    body = {'code': 'AAAA-AAAA-AAAA', 'org': {'name': 'Sở', 'code': 'H01', 'address': ''}, 'name': 'A', 'phone': '',
            'login': 'admin', 'password': PASSWORD, 'role': 'agency'}
    problem(admin.post('/setup', body), 401, 'bad_code')
    body['code'] = node.code
    for weak, missing in (('Ab1!', 'length'), ('khien!test#2026ab', 'upper'), ('KHIEN!TEST#2026AB', 'lower'),
                          ('Khien!Test#abcdef', 'digit'), ('KhienTest2026abcd', 'special')):
        refused = problem(admin.post('/setup', dict(body, password=weak)), 422, 'password_weak')
        need(missing in refused['missing'], f'{weak}: {refused}')
        equal(refused['field'], 'password')
    need(admin.get('/setup')['needed'], 'refusals do not use the code up')
    admin.set_up()
    problem(Client(node).post('/setup', body), 409, 'setup_done')
    equal(admin.get('/setup')['needed'], False)
    session = admin.get('/session')
    equal((session['signed_in'], session['person']['login'], session['person']['role']), (True, 'admin', 'admin'))
    equal(session['idle_s'], 300)


def signed_out():
    """Without a session nothing is told; a change without the CSRF value is refused."""
    stranger = Client(node)
    for path in ('/today', '/search?q=', '/duties', '/findings', '/people', '/audit', '/system', '/sources'):
        problem(stranger.ask('GET', path), 401, 'no_session')
    equal(stranger.get('/session')['signed_in'], False)
    person = {'name': 'X', 'login': 'x', 'password': HEAD_PASSWORD, 'role': 'auditor'}
    problem(admin.post('/people', person, csrf=False), 403, 'csrf')
    problem(admin.post('/people', person, csrf=False, headers={'X-Khien-CSRF': '0' * 64}), 403, 'csrf')
    equal([p['login'] for p in admin.get('/people')['items']], ['admin'])


def second_sign_in():
    """A second sign-in ends the first session; a signed-out session is worth nothing."""
    second = Client(node)
    second.sign_in('admin', PASSWORD)
    problem(admin.ask('GET', '/today'), 401, 'replaced')
    cookie = second.cookie
    second.ask('DELETE', '/session', code=204)
    second.cookie = cookie
    problem(second.ask('GET', '/today'), 401, 'no_session')
    admin.sign_in('admin', PASSWORD)


def wrong_passwords():
    """Wrong passwords: a captcha after three, the lock (423, retry_after), the same for logins nobody has."""
    stranger = Client(node)
    for login in ('admin', 'nobody'):
        for n in range(3):
            last = problem(stranger.sign_in(login, 'Wrong!Pass#12345', None), 401, 'bad_password')
        need(last['captcha']['svg'].startswith('<svg'), 'the third refusal carries a captcha')
        problem(stranger.sign_in(login, PASSWORD, None), 401, 'captcha_needed')
        body = {'login': login, 'password': PASSWORD, 'captcha': {'id': last['captcha']['id'], 'answer': 'wrong'}}
        problem(stranger.post('/session', body, csrf=False), 401, 'captcha_needed')
    problem(admin.post('/people/1/unlock'), 403, 'same_person')
    problem(admin.post('/settings/sign_in.lock_after', {'value': 9}), 400, 'bad_request')
    admin.post('/settings/sign_in.lock_after', {'value': 3}, code=200)
    for n in range(3):
        last = stranger.sign_in('lockme', 'Wrong!Pass#12345', None)
    locked = problem(last, 423, 'locked')
    need(0 < locked['retry_after'] <= 300, f'retry_after {locked["retry_after"]}')
    problem(stranger.sign_in('lockme', PASSWORD, None), 423, 'locked')
    admin.post('/settings/sign_in.lock_after', {'value': 5}, code=200)
    equal(stranger.get('/captcha')['svg'][:4], '<svg')


def people():
    """A new person must change the password; an auditor changes nothing; a disabled account ends."""
    for login, role in (('truongphong', 'head'), ('kiemtoan', 'auditor')):
        admin.post('/people', {'name': 'Trần Thị B', 'login': login, 'password': HEAD_PASSWORD, 'role': role}, code=201)
    problem(admin.post('/people', {'name': 'B', 'login': 'truongphong', 'password': HEAD_PASSWORD, 'role': 'head'}),
            409, 'conflict')
    auditor = Client(node)
    for who, login in ((head, 'truongphong'), (auditor, 'kiemtoan')):
        need(who.sign_in(login, HEAD_PASSWORD).json['must_change'], 'the first password must be changed')
        problem(who.ask('GET', '/today'), 403, 'password_expired')
        refused = problem(who.post('/me/password', {'old': HEAD_PASSWORD, 'new': HEAD_PASSWORD}), 422, 'password_weak')
        need('reused' in refused['missing'], str(refused))
        who.post('/me/password', {'old': HEAD_PASSWORD, 'new': NEW_PASSWORD}, code=204)
        if who.ask('GET', '/today').status == 401:
            who.sign_in(login, NEW_PASSWORD)
        who.take_csrf()
        who.get('/today')
    problem(auditor.post('/settings/session.idle_s', {'value': 120}), 403, 'forbidden')
    problem(auditor.post('/duties/D14.0.3/evidence', {'title': 'x', 'dated': '2026-11-01', 'file_name': 'x.pdf',
                                                      'content': 'AAAA'}), 403, 'forbidden')
    number = next(p['id'] for p in admin.get('/people')['items'] if p['login'] == 'kiemtoan')
    admin.post(f'/people/{number}/disable', code=204)
    equal(auditor.ask('GET', '/today').status, 401)
    problem(auditor.sign_in('kiemtoan', NEW_PASSWORD, None), 401, 'bad_password')


def findings():
    """Repeated failed SSH sign-ins become a finding, which is acknowledged and closed."""
    node.send(b''.join(b'<38>1 - web01 sshd %d - - Failed password for root from 203.0.113.45 port %d ssh2\n'
                       % (2100 + n, 40000 + n) for n in range(12)))

    def found():
        return next((f for f in admin.get('/findings')['items'] if f['rule'] == 'khien-ssh-bruteforce'), None)
    finding = until(found, 'a finding of khien-ssh-bruteforce')
    equal(finding['group'], {'source.ip': '203.0.113.45'})
    equal((finding['state'], finding['severity']), ('open', 'high'))
    path = f'/findings/{finding["id"]}'
    full = admin.get(path)
    need(len(full['events']) > 0 and '203.0.113.45' in full['explain']['what']['vi'], str(full)[:800])
    until(lambda: any(r['kind'] == 'finding' and r['id'] == str(finding['id']) for r in admin.get('/today')['red']),
          'the finding is red today')
    equal(admin.post(path + '/ack', {'note': 'đang xem'}, code=200).json['state'], 'acknowledged')
    need(admin.post(path + '/close', {}).status in (400, 422), 'closing needs a note')
    equal(admin.post(path + '/close', {'note': 'đã chặn'}, code=200).json['state'], 'closed')
    need(found() is None, 'a closed finding is not in the list')
    equal([h['what'] for h in admin.get(path)['history']], ['closed', 'acknowledged', 'opened'])


def four_eyes():
    """Evidence that one person attaches another one approves; then the duty's status changes."""
    duties = admin.get('/duties')
    need(len(duties['items']) >= 332, f'{len(duties["items"])} duties')
    equal(sum(duties['counts'].values()), len(duties['items']), 'sum of the counts')
    need(all(d['reason']['vi'] and d['reason']['en'] for d in duties['items']), 'every duty has a reason')
    duty = next(d for d in duties['items'] if d['reason']['code'] == 'unknown.no_document')
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7))).date().isoformat()
    content = b'%PDF-1.4 quy che ' + bytes(range(256))
    path = f'/duties/{duty["id"]}/evidence'
    body = {'kind': 'document', 'title': 'Quy chế', 'dated': today, 'file_name': 'quyche.pdf',
            'content': base64.b64encode(content).decode()}
    equal(admin.post(path, dict(body, content='!!!!')).status, 400)
    made = admin.post(path, body, code=201).json
    equal((made['state'], made['mine']), ('waiting', True))
    answer = admin.ask('GET', f'/evidence/{made["id"]}/content', code=200)
    equal(answer.body, content, 'the document')
    need('attachment' in answer.headers['Content-Disposition'], 'a document is an attachment')
    problem(admin.post(f'/evidence/{made["id"]}/approve'), 403, 'same_person')
    equal(admin.get(f'/duties/{duty["id"]}')['status'], duty['status'], 'status before the approval')
    equal([e['id'] for e in head.get('/evidence?state=waiting')['items']], [made['id']])
    equal(head.post(f'/evidence/{made["id"]}/approve', {'note': 'đúng'}, code=200).json['state'], 'approved')
    equal(head.post(f'/evidence/{made["id"]}/approve').status, 409, 'a second approval')
    until(lambda: admin.get(f'/duties/{duty["id"]}')['status'] != duty['status'], f'the status of {duty["id"]} changes')
    after = admin.get(f'/duties/{duty["id"]}')
    equal(after['status'], 'met', duty['id'])
    need(any(h['status'] == 'met' for h in after['history']), 'the history has the change')
    other = next(d for d in duties['items'] if d['reason']['code'] == 'unknown.no_document' and d['id'] != duty['id'])
    asked = admin.post(f'/duties/{other["id"]}/not-applicable', {'reason': 'không có', 'until': '2027-06-30'},
                       code=201).json
    problem(admin.post(f'/exceptions/{asked["id"]}/approve'), 403, 'same_person')
    head.post(f'/exceptions/{asked["id"]}/approve', code=200)
    until(lambda: admin.get(f'/duties/{other["id"]}')['status'] == 'na', 'the duty does not apply')


def logs():
    """Search, paging, histogram, one event, around it, fields, table."""
    node.send(b''.join(b'<134>1 - h app - - - apimark row%d Nguy\xe1\xbb\x85n\n' % n for n in range(25)))
    node.wait_count('apimark', 25)
    query = urllib.parse.quote('apimark NOT event.dataset:khien.audit')
    seen, cursor = [], ''
    for _ in range(10):
        page = admin.get(f'/search?q={query}&limit=10&order=oldest{cursor}')
        seen += [e['message'].split()[1] for e in page['items']]
        if page['next'] is None:
            break
        cursor = '&cursor=' + urllib.parse.quote(str(page['next']))
    equal(seen, [f'row{n}' for n in range(25)], 'pages in order')
    event = admin.get(f'/search?q={query}&limit=1&order=newest')['items'][0]
    equal(event['message'], 'apimark row24 Nguyễn')
    equal(admin.get(f'/events/{event["id"]}')['raw'], event['raw'])
    around = admin.get(f'/events/{event["id"]}/around?before=5&after=5')['items']
    need(event['id'] in [e['id'] for e in around] and len(around) >= 6, f'{len(around)} events around')
    equal(sum(admin.get(f'/histogram?q={query}&from=-1h&to=now&buckets=10')['counts']), 25, 'histogram')
    table = admin.get('/search?q=' + urllib.parse.quote('(apimark NOT event.dataset:khien.audit) | stats count() by '
                                                        'host.name'))
    equal(table['rows'], [['h', 25]])
    need('source.ip' in [f['name'] for f in admin.get('/fields?q=source')['items']], 'source.ip in the fields')
    problem(admin.ask('GET', '/search?q=' + urllib.parse.quote('a AND (')), 400, 'bad_query')
    problem(admin.ask('GET', '/search?nosuch=1'), 400, 'bad_request')
    problem(admin.ask('GET', '/events/99999999999'), 404, 'not_found')


def tail():
    """The live view gives a new event."""
    connection = admin.connect()
    # The audit record of this very request holds the word, too, and may come first.
    query = urllib.parse.quote('tailmark NOT event.dataset:khien.audit')
    connection.request('GET', f'/api/v1/tail?q={query}', headers={'Cookie': admin.cookie})
    stream = connection.getresponse()
    equal(stream.status, 200)
    need(stream.headers['Content-Type'].startswith('text/event-stream'), stream.headers['Content-Type'])
    node.send(b'<134>1 - h app - - - other line\n<134>1 - h app - - - tailmark line\n')
    end = time.monotonic() + WAIT_S
    lines = []
    while time.monotonic() < end:
        line = stream.fp.readline() if not stream.chunked else stream.readline()
        need(line, 'the stream ended')
        lines.append(line.decode().rstrip())
        if lines[-1].startswith('data:') and 'event: log' in lines:
            break
    equal(json.loads(lines[-1][5:])['message'], 'tailmark line')
    connection.close()


def audit():
    """What people did is in the audit list and, sealed, in the store."""
    wanted = {'setup', 'sign_in', 'sign_out', 'person_add', 'person_disable', 'setting_change', 'finding_acknowledge',
              'finding_close', 'evidence_attach', 'evidence_approve', 'search', 'password_change'}
    until(lambda: wanted <= {e['event.action'] for e in node_audit()}, f'actions in the store: {wanted}')
    failures = {(e['event.action'], e['event.outcome']) for e in node_audit()}
    need(('sign_in', 'failure') in failures and ('setup', 'failure') in failures, 'failures are recorded')
    listed, path = set(), '/audit?limit=100'
    page = admin.get(path)
    while True:
        listed |= {a['action'] for a in page['items']}
        if page['next'] is None:
            break
        page = admin.get(f'{path}&cursor={page["next"]}')
    need(wanted <= listed, f'missing in GET /audit: {wanted - listed}')
    secrets = (PASSWORD, HEAD_PASSWORD, NEW_PASSWORD, 'Wrong!Pass')
    for e in node_audit():
        need(not any(s in json.dumps(e, ensure_ascii=False) for s in secrets), f'a password in {e}')


def node_audit():
    lines = node.tool('search', '--json', '--limit', 100000, 'event.dataset:khien.audit').out.splitlines()
    return [json.loads(line) for line in lines]


def openapi():
    """openapi.json lists every route of the table."""
    document = admin.get('/openapi.json')
    need(document['openapi'].startswith('3.1'), document['openapi'])
    source = (ROOT / 'src/api/api_routes.c').read_text()
    rows = re.findall(r'^    (GET|POST)\("([^"]+)"', source, re.M) + \
        re.findall(r'\{API_(DELETE|PUT|PATCH), "([^"]+)"', source)
    need(len(rows) >= 50, f'{len(rows)} routes')
    listed = {(m.upper(), p.removeprefix('/api/v1')) for p, ms in document['paths'].items() for m in ms}
    missing = set(rows) - listed
    need(not missing, f'not in the document: {missing}')


def raw(payload):
    """Bytes as they are to the HTTPS port; the status of the answer, 0 where the connection ends without one."""
    got = b''
    with socket.create_connection((LOCAL, node.port('https')), WAIT_S) as s:
        with node.tls().wrap_socket(s, server_hostname=LOCAL) as t:
            try:
                t.sendall(payload)
            except OSError:
                pass
            try:
                while b'\r\n' not in got:
                    piece = t.recv(4096)
                    if not piece:
                        break
                    got += piece
            except OSError:
                pass
    return int(got.split()[1]) if got.startswith(b'HTTP/') else 0


def limits():
    """Two Content-Length headers, a body of 13 MiB and broken requests are refused; the node goes on."""
    top = b'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    equal(raw(top + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n'), 400, 'two Content-Length')
    equal(raw(top + b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'), 400,
          'Content-Length beside Transfer-Encoding')
    size = 13 * 1024 * 1024
    equal(raw(top + b'Content-Length: %d\r\n\r\n' % size + b'[' * size), 413, '13 MiB')
    need(raw(top + b'Content-Length: -1\r\n\r\n') in (0, 400, 413), 'a negative length')
    need(raw(b'\x00\x01nonsense\r\n\r\n') in (0, 400), 'no HTTP')
    need(raw(b'GET /' + b'a' * 200000 + b' HTTP/1.1\r\n\r\n') in (0, 400, 414, 431), 'a long target')
    for body in (b'[' * 100000, b'{"login":1}', b'{"login":"a","login":"b"}', b'\xff', b''):
        equal(Client(node).post('/session', body, headers={'Content-Type': 'application/json'}).status, 400, body[:20])
    equal(Client(node).post('/session', b'login=a', headers={'Content-Type': 'text/plain'}).status, 415)
    problem(admin.ask('GET', '/nosuch'), 404, 'not_found')
    problem(admin.post('/today'), 405, 'method')
    equal(admin.ask('GET', '/healthz').status, 200)
    equal(admin.ask('GET', '/readyz').status, 200)


def headers():
    """Security headers and attributes of the cookie."""
    for path in ('/', '/session', '/nosuch'):
        answer = Client(node).ask('GET', path)
        need("default-src 'none'" in answer.headers['Content-Security-Policy'], f'CSP of {path}')
        equal(answer.headers['X-Content-Type-Options'], 'nosniff', path)
        equal(answer.headers['X-Frame-Options'], 'DENY', path)
        equal(answer.headers['Referrer-Policy'], 'no-referrer', path)
    answer = Client(node).sign_in('truongphong', NEW_PASSWORD)
    for word in ('HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/'):
        need(word in answer.headers['Set-Cookie'], f'{word} of the cookie')
    equal(answer.headers['Cache-Control'], 'no-store')


def check_seals():
    """POST /system/verify finds every seal intact."""
    admin.post('/system/verify', code=202)
    state = until(lambda: next((s for s in [admin.get('/system/verify')] if s['state'] not in ('never', 'running')),
                               None), 'the end of the check')
    equal((state['state'], state['problems']), ('ok', []))


def tampered():
    """A changed byte becomes an event of the node, and a finding; whole again, it is told once more."""
    node.stop()
    node.start()
    segment = max((p for p in (node.data / 'store').rglob('*') if p.is_file() and p.suffix in ('.seg', '.part')),
                  key=lambda p: p.stat().st_size)

    def flip():
        with open(segment, 'r+b') as f:
            f.seek(segment.stat().st_size // 2)
            byte = f.read(1)
            f.seek(-1, 1)
            f.write(bytes([byte[0] ^ 1]))

    def check(wanted):
        admin.post('/system/verify', code=202)
        until(lambda: admin.get('/system/verify')['state'] == wanted, f'the check ends {wanted}')

    def told(outcome):
        return int(node.tool('search', '--count', 'event.dataset:khien.node event.action:verify '
                             f'event.outcome:{outcome}').out)
    good = told('success')
    flip()
    check('bad')
    flip()
    found = until(lambda: [f for f in admin.get('/findings')['items'] if f['rule'] == 'khien-store-tampered'],
                  'the finding')
    equal(len(found), 1)
    until(lambda: told('failure') == 1, 'the event of the broken seal')
    check('ok')
    until(lambda: told('success') == good + 1, 'the event of the good check')


def restart():
    """After a restart the agency, its people and its session are there; the set-up is not offered again."""
    node.stop()
    node.start()
    need('set-up code' not in node.out, 'a code on stdout after the set-up')
    need(not admin.get('/setup')['needed'], 'set-up is done')
    equal(admin.get('/session')['signed_in'], True)
    node.stop()
    khien('verify', '--data', node.data)


sys.exit(run_cases([set_up, signed_out, second_sign_in, wrong_passwords, people, findings, four_eyes, logs, tail, audit,
                    openapi, limits, headers, check_seals, tampered, restart]))
