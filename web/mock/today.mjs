// The answer of GET /today, made from the state.
import { articles } from './duties.mjs';

const HOUR = 3600_000;
const RANK = { critical: 0, high: 1, medium: 2, low: 3 };

export function todayOf(state) {
  const now = Date.now();
  const iso = (ms) => new Date(ms).toISOString();
  const open = state.findings.filter((f) => f.state === 'open');
  const red = open.filter((f) => f.kind !== 'source').map((f) => ({
    kind: 'finding', severity: f.severity, id: String(f.id), title: f.title, clause: f.clause[0], due: f.due, href: `/findings/${f.id}`,
  }));
  const silent = state.sources.filter((s) => s.silent);
  for (const s of silent)
    red.push({
      kind: 'source', severity: 'medium', id: String(s.id), clause: 'D19.3', due: null, href: `/sources?id=${s.id}`,
      title: { vi: `${s.name} không gửi nhật ký`, en: `${s.name} sends no logs` },
    });
  red.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  const pick = (id) => state.duties.find((d) => d.id === id);
  const due = ['D14.0.3', 'D12.3.b.7', 'D21.4.1', 'D16.2.a.1', 'D7.1.1'].map(pick);
  const clocks = state.findings.filter((f) => f.due && f.state !== 'closed').map((f) => ({
    kind: 'finding', id: String(f.id), title: f.title, severity: f.severity, clause: f.clause[0], started: f.first, due: f.due, due_kind: 'elapsed',
  }));
  if (!state.empty)
    clocks.push({
      kind: 'duty', id: 'D15.4.1', title: { vi: 'Thông báo thu hồi tài khoản của ông Phạm Đức (nghỉ hưu)', en: 'Report the leaver Phạm Đức' }, severity: 'medium',
      clause: 'D15.4', started: iso(now - 70 * HOUR), due: iso(now + 52 * HOUR), due_kind: 'working',
    });
  return {
    now: iso(now), org: state.org, complete: state.empty ? null : { from: iso(now - 13.6 * HOUR), to: iso(now), gaps: 0 }, red, clocks,
    duties: due.map(({ id, title, status, due: at, reason }) => ({ id, title, status, due: at, reason })),
    health: {
      sources: { total: state.sources.length, silent: silent.length }, disk_days_left: state.system.disk.days_left,
      last_event: state.events.length ? iso(now - 4000) : null, clock_offset_ms: state.empty ? null : 1.2, last_checkpoint: iso(now - 32_000), cert_days: 364,
    },
    score: articles.map((a) => {
      const mine = state.duties.filter((d) => d.article === a.n && d.status !== 'na');
      return { chapter: a.chapter, article: String(a.n), title: a.title, met: mine.filter((d) => d.status === 'met').length, total: mine.length };
    }).filter((row) => row.total),
    checklist: checklist(state),
  };
}

function checklist(state) {
  const item = (id, done, href, clause, vi, en, whyVi, whyEn) => ({ id, done, href, clause, title: { vi, en }, why: { vi: whyVi, en: whyEn } });
  return [
    item('first_source', state.sources.length > 0, '/sources', 'D19.3.1', 'Nhận nhật ký từ một thiết bị', 'Receive logs from one device',
      'Không có nhật ký thì không chứng minh được gì.', 'Without logs nothing can be proved.'),
    item('totp', state.totp, '/me', 'D13.6.4', 'Bật xác thực hai lớp', 'Turn on the second factor',
      'Mật khẩu bị lộ vẫn chưa đủ để đăng nhập.', 'A stolen password alone is then not enough.'),
    item('time_sync', false, '/system', 'D19.7.1', 'Nối máy chủ thời gian', 'Connect a time server',
      'Giờ sai thì nhật ký của các máy không khớp nhau.', 'With wrong clocks the logs of machines do not fit together.'),
    item('second_person', !state.empty, '/system/people', 'D15.6.a.1', 'Thêm người thứ hai để duyệt', 'Add a second person who approves',
      'Bằng chứng phải do người khác duyệt.', 'Evidence must be approved by somebody else.'),
    item('key_file', false, '/system/seal', 'D17.2.c.2', 'Chuyển tệp khóa sang thiết bị riêng', 'Move the key file to a separate device',
      'Khóa để cùng ổ đĩa với dữ liệu thì mất một là mất cả hai.', 'A key beside the data is lost together with it.'),
  ];
}
