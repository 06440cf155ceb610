// Log events made up for the mock: one commune, three senders, one attack in the night.
const HOUR = 3600_000;

/** A small repeatable random source, so that screenshots stay the same from run to run. */
function random(seed) {
  let s = seed;
  return () => {
    s = (s * 1664525 + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

const people = ['nguyenthihuyen', 'dangvanlam', 'tranquocbao', 'lethimo', 'phamduc'];
const two = (n) => String(n).padStart(2, '0');
const stamp = (ms) => {
  const d = new Date(ms + 7 * HOUR);
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][d.getUTCMonth()];
  return `${month} ${String(d.getUTCDate()).padStart(2)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
};

const kinds = [
  {
    weight: 30, source: 1, severity: 'info', build: (r) => {
      const user = people[Math.floor(r() * people.length)];
      const ip = `192.168.10.${20 + Math.floor(r() * 40)}`;
      const port = 40000 + Math.floor(r() * 20000);
      return {
        message: `Accepted publickey for ${user} from ${ip} port ${port} ssh2`, process: 'sshd',
        sentence: { vi: `${user} đăng nhập vào may-chu-01 từ ${ip}`, en: `${user} signed in to may-chu-01 from ${ip}` },
        fields: { 'user.name': user, 'source.ip': ip, 'source.port': port, 'event.action': 'ssh_login', 'event.outcome': 'success' },
      };
    },
  },
  {
    weight: 26, source: 2, severity: 'notice', build: (r) => {
      const ip = `103.${Math.floor(r() * 200)}.${Math.floor(r() * 200)}.${Math.floor(r() * 200)}`;
      const port = [23, 445, 3389, 8080, 22][Math.floor(r() * 5)];
      return {
        message: `firewall,info drop input: in:ether1 proto TCP, ${ip}:51244->14.241.8.17:${port}`, process: 'firewall',
        sentence: { vi: `Tường lửa chặn ${ip} vào cổng ${port}`, en: `The firewall stopped ${ip} at port ${port}` },
        fields: { 'source.ip': ip, 'destination.ip': '14.241.8.17', 'destination.port': port, 'event.action': 'drop', 'observer.name': 'router-mikrotik' },
      };
    },
  },
  {
    weight: 22, source: 3, severity: 'info', build: (r) => ({
      message: `pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)`, process: 'CRON', sentence: null,
      fields: { 'user.name': 'root', 'process.pid': 900 + Math.floor(r() * 9000), 'event.action': 'session_opened' },
    }),
  },
  {
    weight: 12, source: 1, severity: 'warning', build: (r) => ({
      message: `kernel: [${(r() * 90000).toFixed(3)}] TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.`,
      process: 'kernel', sentence: { vi: 'Quá nhiều kết nối mới vào cổng 443 trong cùng lúc', en: 'Too many new connections to port 443 at once' },
      fields: { 'destination.port': 443, 'event.action': 'syn_flood' },
    }),
  },
  {
    weight: 6, source: 3, severity: 'error', build: () => ({
      message: 'smartd: Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors', process: 'smartd',
      sentence: { vi: 'Ổ cứng /dev/sda của may-tinh-van-thu có 8 vùng không đọc được', en: 'The disk /dev/sda of may-tinh-van-thu has 8 unreadable sectors' },
      fields: { 'device.name': '/dev/sda', 'event.action': 'disk_pending_sectors' },
    }),
  },
];
const hosts = { 1: 'may-chu-01', 2: 'router-mikrotik', 3: 'may-tinh-van-thu' };
const total = kinds.reduce((sum, kind) => sum + kind.weight, 0);

function pick(r) {
  let at = r() * total;
  for (const kind of kinds) if ((at -= kind.weight) < 0) return kind;
  return kinds[0];
}

export function event(id, at, kind, made) {
  const host = hosts[kind.source];
  return {
    id: String(id), '@timestamp': new Date(at).toISOString().replace('Z', '123456Z'), received: new Date(at + 180).toISOString(),
    source: { id: kind.source, name: host }, severity: kind.severity, message: made.message,
    raw: `<38>${stamp(at)} ${host} ${made.process}[1204]: ${made.message}`, sentence: made.sentence,
    fields: { 'host.name': host, 'process.name': made.process, 'log.syslog.facility.name': 'auth', ...made.fields },
  };
}

const failed = { source: 1, severity: 'warning' };
function failure(i) {
  const ip = '45.148.10.86';
  return {
    message: `Failed password for root from ${ip} port ${50100 + i} ssh2`, process: 'sshd',
    sentence: { vi: `Đăng nhập sai tài khoản root trên may-chu-01 từ ${ip}`, en: `Wrong password for root on may-chu-01 from ${ip}` },
    fields: { 'user.name': 'root', 'source.ip': ip, 'source.port': 50100 + i, 'source.geo.country_name': 'Hà Lan', 'event.action': 'ssh_login', 'event.outcome': 'failure' },
  };
}

/** `count` events over the last `hours`, newest last, with 62 wrong passwords some hours ago. */
export function makeEvents(now, count = 6000, hours = 26) {
  const r = random(7);
  const list = [];
  for (let i = 0; i < count; i++) {
    const kind = pick(r);
    const day = 0.5 + 0.5 * Math.sin((i / count) * Math.PI * 2.2);
    const at = now - hours * HOUR * (1 - (i + day * 40 * r()) / (count + 40));
    list.push({ at, kind, made: kind.build(r) });
  }
  for (let i = 0; i < 62; i++) list.push({ at: now - 4.8 * HOUR + i * 9000, kind: failed, made: failure(i) });
  list.sort((a, b) => a.at - b.at);
  return list.map((one, i) => event(7_200_000_000_000 + i, one.at, one.kind, one.made));
}

export function freshEvent(id, now, i) {
  const r = random(i * 7919 + 13);
  const kind = pick(r);
  return event(id, now, kind, kind.build(r));
}

const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/đ/g, 'd');
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

function valueOf(e, field) {
  if (field === 'severity') return e.severity;
  if (field === 'source.name') return e.source.name;
  return e.fields[field];
}

/** A small part of the query language: words, "phrases", field:value, severity:>=x, NOT, and one stats pipe. */
export function compile(query) {
  const [head, ...pipes] = query.split('|').map((part) => part.trim());
  if ((query.match(/"/g) ?? []).length % 2) throw new Error('bad_query');
  const tests = [];
  let negate = false;
  for (const [word] of head.matchAll(/(?:[\w.@]+:)?(?:"(?:[^"\\]|\\.)*"|[^\s]+)/g)) {
    if (word === 'NOT') { negate = true; continue; }
    tests.push(condition(word, negate));
    negate = false;
  }
  return { match: (e) => tests.every((test) => test(e)), pipes };
}

function condition(word, negate) {
  const colon = word.match(/^([\w.@]+):(.*)$/);
  let test;
  if (!colon) {
    const want = fold(word.replace(/^"|"$/g, ''));
    test = (e) => fold(`${e.raw} ${e.sentence?.vi ?? ''}`).includes(want);
  } else {
    const [, field, raw] = colon;
    const value = raw.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1');
    if (field === 'severity' && value.startsWith('>=')) {
      test = (e) => LEVELS.indexOf(e.severity) >= LEVELS.indexOf(value.slice(2));
    } else {
      const pattern = new RegExp(`^${value.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`, 'i');
      test = (e) => valueOf(e, field) !== undefined && pattern.test(String(valueOf(e, field)));
    }
  }
  return negate ? (e) => !test(e) : test;
}

export function stats(events, pipes) {
  const by = pipes[0].match(/^stats\s+count(?:\(\))?(?:\s+by\s+([\w.@, ]+))?/);
  if (!by) throw new Error('bad_query');
  const fields = (by[1] ?? '').split(',').map((f) => f.trim()).filter(Boolean);
  const groups = new Map();
  for (const e of events) {
    const key = JSON.stringify(fields.map((field) => valueOf(e, field) ?? null));
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const limit = Number(pipes.map((pipe) => pipe.match(/^limit (\d+)/)?.[1]).find(Boolean) ?? 100);
  const rows = [...groups].map(([key, n]) => [...JSON.parse(key).map((v) => (v === null ? null : String(v))), n]);
  return { columns: [...fields, 'count'], rows: rows.sort((a, b) => b.at(-1) - a.at(-1)).slice(0, limit), cut: null };
}
