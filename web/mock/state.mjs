// What the mock node holds in memory. `fresh`: before set-up; `empty`: set up a minute ago, nothing received yet.
import { makeDuties } from './duties.mjs';
import { makeEvents } from './events.mjs';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const hex = (n, seed) => Array.from({ length: n }, (_, i) => ((seed * 31 + i * 97 + (i * i) % 13) % 16).toString(16)).join('');

function findings(now) {
  const at = (h) => new Date(now - h * HOUR).toISOString();
  const soon = (h) => new Date(now + h * HOUR).toISOString();
  return [
    {
      id: 12, rule: 'khien-ssh-bruteforce', kind: 'rule', severity: 'critical', state: 'open', clause: ['D20.2.b', 'D13.6'], count: 62,
      title: { vi: 'Đăng nhập sai 62 lần trên may-chu-01', en: '62 wrong passwords on may-chu-01' },
      first: at(4.8), last: at(4.6), due: soon(7.2), group: { 'source.ip': '45.148.10.86', 'host.name': 'may-chu-01', 'user.name': 'root' },
      acknowledged_by: null, acknowledged_at: null,
    },
    {
      id: 11, rule: 'khien-router-config-changed', kind: 'rule', severity: 'high', state: 'open', clause: ['D16.2.a', 'D20.2.c'], count: 1,
      title: { vi: 'Cấu hình router-mikrotik đổi ngoài giờ làm việc', en: 'router-mikrotik was reconfigured after hours' },
      first: at(11), last: at(11), due: soon(30.5), group: { 'host.name': 'router-mikrotik', 'user.name': 'admin' },
      acknowledged_by: null, acknowledged_at: null,
    },
    {
      id: 9, rule: 'khien-disk-failing', kind: 'threshold', severity: 'medium', state: 'acknowledged', clause: ['D16.1.b'], count: 8,
      title: { vi: 'Ổ cứng may-tinh-van-thu sắp hỏng', en: 'The disk of may-tinh-van-thu is failing' },
      first: at(26), last: at(2), due: soon(46), group: { 'host.name': 'may-tinh-van-thu' },
      acknowledged_by: 'Nguyễn Thị Huyền', acknowledged_at: at(20),
    },
    {
      id: 8, rule: 'khien-source-silent', kind: 'source', severity: 'medium', state: 'open', clause: ['D19.3'], count: 1,
      title: { vi: 'camera-cong không gửi nhật ký từ hôm qua', en: 'camera-cong has sent no logs since yesterday' },
      first: at(19), last: at(19), due: soon(53), group: { 'source.name': 'camera-cong' }, acknowledged_by: null, acknowledged_at: null,
    },
    {
      id: 5, rule: 'khien-time-offset', kind: 'check', severity: 'low', state: 'closed', clause: ['D19.7'], count: 3,
      title: { vi: 'Đồng hồ router-mikrotik lệch 4 giây', en: 'The clock of router-mikrotik is 4 seconds off' },
      first: at(80), last: at(72), due: null, group: { 'host.name': 'router-mikrotik' }, acknowledged_by: 'Đặng Văn Lâm', acknowledged_at: at(71),
    },
  ];
}

const explains = {
  12: {
    what: { vi: 'Từ địa chỉ 45.148.10.86 (Hà Lan), trong 9 phút có 62 lần đăng nhập sai vào tài khoản root của may-chu-01; không lần nào thành công.', en: 'From 45.148.10.86 (Netherlands) there were 62 wrong passwords for root on may-chu-01 within 9 minutes; none succeeded.' },
    why: { vi: 'Đây là cách dò mật khẩu tự động. Nếu mật khẩu yếu, máy chủ có thể bị chiếm và dữ liệu hồ sơ công dân bị lộ.', en: 'This is automatic password guessing. With a weak password the server could be taken over and citizens’ files lost.' },
    now: { vi: 'Bấm Tiếp nhận, chặn địa chỉ 45.148.10.86 trên router, đổi mật khẩu root, rồi đóng phát hiện kèm ghi chú đã làm gì.', en: 'Press Acknowledge, block 45.148.10.86 on the router, change the root password, then close with a note of what was done.' },
  },
  other: {
    what: { vi: 'Khiên thấy một thay đổi không nằm trong lịch đã đăng ký trên thiết bị nêu ở trên.', en: 'Khiên saw a change on this device that was not planned.' },
    why: { vi: 'Thay đổi không ai duyệt làm hệ thống khó khôi phục và có thể mở đường cho kẻ xấu.', en: 'Unapproved changes make recovery harder and may open the door to attackers.' },
    now: { vi: 'Hỏi người quản trị thiết bị; nếu đúng việc thì đóng kèm ghi chú, nếu không thì khôi phục cấu hình trước đó.', en: 'Ask the administrator; close with a note if it was planned, restore the earlier configuration if not.' },
  },
};
export const explainFinding = (id) => explains[id] ?? explains.other;

function sources(now) {
  const base = (id, name, kind, address, more) => ({
    id, name, kind, address, received: 0, stored: 0, dropped: 0, malformed: 0, last_seen: new Date(now - 4000).toISOString(), silent: false,
    silent_after_s: 3600, rate_1m: 12, dialect: 'rfc5424', sequence: 1,
    complete: { from: new Date(now - 12.6 * HOUR).toISOString(), to: new Date(now - 4000).toISOString(), gaps: 0, missing: 0 }, ...more,
  });
  return [
    base(1, 'may-chu-01', 'tls', '192.168.10.5', { received: 1_284_511, stored: 1_284_511, rate_1m: 41, sequence: 1_284_511 }),
    base(2, 'router-mikrotik', 'udp', '192.168.10.1', { received: 902_118, stored: 901_990, dropped: 128, malformed: 3, rate_1m: 22, dialect: 'rfc3164', sequence: 902_118 }),
    base(3, 'may-tinh-van-thu', 'tcp', '192.168.10.34', { received: 88_204, stored: 88_204, rate_1m: 2, sequence: 88_204 }),
    base(4, 'camera-cong', 'udp', '192.168.20.9', {
      received: 5_120, stored: 5_120, rate_1m: 0, silent: true, last_seen: new Date(now - 19 * HOUR).toISOString(), dialect: 'rfc3164', sequence: 5_120,
      complete: { from: new Date(now - 90 * HOUR).toISOString(), to: new Date(now - 19 * HOUR).toISOString(), gaps: 1, missing: 37 },
    }),
    base(5, 'khien', 'self', '–', { received: 9_410, stored: 9_410, rate_1m: 1, dialect: 'khien', sequence: 9_410, silent_after_s: 600 }),
  ];
}

function evidence(now) {
  const at = (d) => new Date(now - d * DAY).toISOString();
  return [
    {
      id: 3, duty: 'D14.0.3', kind: 'document', title: 'Biên bản xem xét nhật ký tháng 10', dated: '2026-10-20', digest: `sha256:${hex(64, 3)}`,
      by: 'Đặng Văn Lâm', at: at(32), state: 'expired', approved_by: 'Lê Thị Mơ', approved_at: at(31), expires: at(2), note: null, mine: false,
    },
    {
      id: 4, duty: 'D14.0.3', kind: 'document', title: 'Biên bản xem xét nhật ký tháng 11', dated: '2026-11-20', digest: `sha256:${hex(64, 5)}`,
      by: 'Đặng Văn Lâm', at: at(0.2), state: 'waiting', approved_by: null, approved_at: null, expires: null, note: 'Bản quét có dấu', mine: false,
    },
    {
      id: 6, duty: 'D13.6.3', kind: 'auto', title: { vi: 'Kiểm tra số lần đăng nhập sai trước khi khóa: 5', en: 'Wrong passwords before the lock: 5' }, dated: null,
      digest: `sha256:${hex(64, 9)}`, by: 'Khiên', at: at(0.01), state: 'approved', approved_by: null, approved_at: null, expires: new Date(now + HOUR).toISOString(), note: null, mine: false,
    },
  ];
}

function people(now) {
  const p = (id, name, login, role, more) => ({ id, name, login, role, totp: true, must_change: false, last_sign_in: new Date(now - id * 5 * HOUR).toISOString(), ...more });
  return [
    p(1, 'Nguyễn Thị Huyền', 'huyen', 'officer'),
    p(2, 'Lê Thị Mơ', 'mo.le', 'head', { totp: false }),
    p(3, 'Đặng Văn Lâm', 'lam.dang', 'operator'),
    p(4, 'Trần Quốc Bảo', 'bao.tran', 'auditor', { must_change: true, last_sign_in: null, totp: false }),
  ];
}

function system(now, empty) {
  const at = (d) => new Date(now - d * DAY).toISOString();
  return {
    version: '0.1.0', started: at(6.3), data_dir: '/var/lib/khien', listen: { https: '0.0.0.0:8443', syslog: '0.0.0.0:514', syslog_tls: '0.0.0.0:6514' },
    disk: { total: 118e9, free: 71.4e9, store: 6.2e9, per_day: 0.17e9, days_left: empty ? null : 412.5 },
    store: empty
      ? { events: 0, first: null, last: null, segments: 0, blocks: 0, raw_bytes: 0, stored_bytes: 0, wal_bytes: 4096, intake: 'open' }
      : { events: 2_289_363, first: at(36), last: at(0), segments: 41, blocks: 8_812, raw_bytes: 412e9 / 1000, stored_bytes: 21.3e6, wal_bytes: 1.2e6, intake: 'open' },
    seal: { size: 8812, root: hex(64, 11), time: at(0.0004), signer: 'khien.caikhe.cantho.gov.vn', words: ['sông', 'thuyền', 'lúa', 'chợ'], ok: true },
    keys: [
      { id: 'node-1', kind: 'node', algorithm: 'Ed25519', bits: 256, created: at(36), location: '/var/lib/khien/keys/node.key', warning: null },
      { id: 'store-3', kind: 'store', algorithm: 'AES-256-GCM', bits: 256, created: at(6), location: '/var/lib/khien/keys/store.key', warning: { vi: 'Tệp khóa nằm cùng ổ đĩa với dữ liệu. Nên chuyển ra thiết bị riêng.', en: 'The key file is on the same disk as the data. Move it to a separate device.' } },
      { id: 'seal-1', kind: 'seal', algorithm: 'Ed25519', bits: 256, created: at(36), location: '/var/lib/khien/keys/seal.key', warning: null },
      { id: 'tls-1', kind: 'tls', algorithm: 'ECDSA P-256', bits: 256, created: at(1), location: '/var/lib/khien/tls/server.pem', warning: null },
    ],
    processes: [
      { name: 'khiend', pid: 811, restarts: 0, rss_bytes: 6.1e6 }, { name: 'front', pid: 813, restarts: 1, rss_bytes: 21.4e6 },
      { name: 'core', pid: 814, restarts: 0, rss_bytes: 64.8e6 },
    ],
    sandbox: [
      { process: 'front', landlock: true, seccomp: true, user: 'khien-front' }, { process: 'core', landlock: true, seccomp: true, user: 'khien' },
    ],
    config: [
      { key: 'listen.syslog', value: '0.0.0.0:514', default: '0.0.0.0:514', unit: '', doc: { vi: 'địa chỉ nhận nhật ký (syslog) qua UDP và TCP', en: 'address for syslog over UDP and TCP' } },
      { key: 'session.idle', value: 300, default: 300, unit: 's', doc: { vi: 'thời gian không thao tác trước khi tự đăng xuất', en: 'idle time before a session ends' } },
      { key: 'login.attempts', value: 4, default: 5, unit: '', doc: { vi: 'số lần đăng nhập sai trước khi khóa (3 đến 5)', en: 'wrong passwords before the lock (3 to 5)' } },
      { key: 'retention.min', value: 365, default: 180, unit: 'd', doc: { vi: 'nhật ký mới hơn mức này không bao giờ bị xóa', en: 'events younger than this are never removed' } },
      { key: 'alarm_cpu_percent', value: 85, default: 90, unit: '%', doc: { vi: 'tải bộ xử lý từ mức này thì cảnh báo', en: 'load of the processor that raises a finding' } },
      { key: 'store.fsync', value: true, default: true, unit: '', doc: { vi: 'chỉ báo đã nhận khi đã ghi xuống đĩa', en: 'acknowledge only what is on the disk' } },
    ],
    metrics: { cpu: 11.4, ram_used: 1.31e9, ram_total: 4.1e9, net_rx_bps: 214_000, net_tx_bps: 38_000 },
    kernel_dropped: empty ? 0 : 1204, audit_waiting: 0, own_events_lost: 0, sources_active: empty ? 0 : 4, rules: { loaded: 61, refused: 0 }, catalogue: { version: '2026.11.1' },
  };
}

const setting = (key, value, def, min, max, unit, title, doc, history = []) => ({ key, value, default: def, min, max, unit, title, doc, history });
const settings = (now) => [
  setting('session.idle_s', 300, 300, 60, 900, 's', { vi: 'Tự thoát phiên sau', en: 'Sessions end after' },
    { vi: 'Không thao tác trong thời gian này thì phiên đăng nhập tự kết thúc.', en: 'A session ends by itself when nothing is done for so long.' }),
  setting('sign_in.lock_after', 4, 5, 3, 5, 'tries', { vi: 'Khóa sau số lần sai', en: 'Locked after' },
    { vi: 'Nhập sai mật khẩu liên tiếp từng này lần thì tên đăng nhập bị khóa.', en: 'So many wrong passwords in a row lock a login.' },
    [{ time: new Date(now - 3 * DAY).toISOString(), who: 'huyen', old: 5, new: 4 }]),
  setting('audit.keep_days', 730, 730, 365, 36500, 'days', { vi: 'Giữ bản ghi thao tác', en: 'Audit records are kept' },
    { vi: 'Thời gian giữ bản ghi ai đã làm gì; ít nhất 12 tháng.', en: 'How long the register keeps who did what; at least 12 months.' }),
];

export function makeState({ fresh = false, empty = false, now = Date.now() } = {}) {
  const none = fresh || empty;
  return {
    now, fresh, empty: none, setupDone: !fresh,
    org: { id: 1, name: 'Ủy ban nhân dân phường Cái Khế' },
    events: none ? [] : makeEvents(now), findings: none ? [] : findings(now), duties: makeDuties(now, none), sources: none ? [] : sources(now),
    evidence: none ? [] : evidence(now), people: people(now), system: system(now, none), exceptions: [],
    settings: settings(now),
    searches: none ? [] : [
      { id: 1, name: 'Sai mật khẩu SSH', q: 'event.action:ssh_login event.outcome:failure', from: '7d', to: '', created: new Date(now).toISOString() },
      { id: 2, name: 'Tường lửa chặn', q: 'event.action:firewall_blocked | top 20 source.ip', from: '', to: '', created: new Date(now).toISOString() },
    ],
    history: {}, verify: { state: 'never', finished: null, problems: [] }, sessions: new Map(), attempts: 0, totp: !none,
  };
}
