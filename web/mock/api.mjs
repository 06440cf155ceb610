// The HTTP contract of docs/api.md, answered from memory.
import { chapters, articles, counts, explain } from './duties.mjs';
import { compile, stats } from './events.mjs';
import { explainFinding } from './state.mjs';
import { todayOf } from './today.mjs';

export class Refusal extends Error {
  constructor(status, code, more = {}) {
    super(code);
    Object.assign(this, { status, code, more });
  }
}
const iso = (ms = Date.now()) => new Date(ms).toISOString();
const need = (found) => {
  if (!found) throw new Refusal(404, 'not_found');
  return found;
};
const PASSWORD = 'Khien@2026';
const TOTP = '246810';
const captcha = () => ({
  id: `c${Math.floor(Math.random() * 1e6)}`,
  svg: '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="56" viewBox="0 0 180 56"><rect width="180" height="56" fill="#f3f3ee"/>'
    + '<path d="M5 40C40 8 90 60 175 14M8 16c60 30 100-20 166 26" fill="none" stroke="#8a9a9a" stroke-width="2"/>'
    + '<g font-family="serif" font-size="32" fill="#22343a"><text x="18" y="40" transform="rotate(-8 18 40)">7</text><text x="52" y="38">K</text>'
    + '<text x="88" y="42" transform="rotate(9 88 42)">M</text><text x="128" y="38" transform="rotate(-5 128 38)">4</text></g></svg>',
});

function strongOr422(password) {
  const missing = [];
  if (password.length < 8) missing.push('length');
  if (!/[A-Z]/.test(password)) missing.push('upper');
  if (!/[a-z]/.test(password)) missing.push('lower');
  if (!/\d/.test(password)) missing.push('digit');
  if (!/[^\w\s]/.test(password)) missing.push('special');
  if (password === PASSWORD) missing.push('reused');
  if (missing.length) throw new Refusal(422, 'password_weak', { field: 'password', missing });
}

const sessionBody = (state, s) => ({
  signed_in: true, person: { id: s.person.id, name: s.person.name, login: s.person.login, role: s.person.role }, org: state.org,
  csrf: s.csrf, idle_s: 300, must_change: s.person.must_change, totp: s.person.totp, password_due: iso(Date.now() + 51 * 86400_000), lang: 'vi',
});
const signIn = (state, person, ctx) => {
  const id = `s${Math.random().toString(36).slice(2)}`;
  const s = { person, csrf: `x${Math.random().toString(36).slice(2)}` };
  state.sessions.set(id, s);
  ctx.cookie = id;
  return s;
};

function login(state, ctx) {
  const { login: name, password, totp, captcha: given } = ctx.body;
  if (state.lockedUntil > Date.now()) throw new Refusal(423, 'locked', { retry_after: Math.ceil((state.lockedUntil - Date.now()) / 1000) });
  if (state.attempts >= 2 && !given) throw new Refusal(401, 'captcha_needed', { captcha: captcha() });
  if (given && given.answer.toUpperCase() !== '7KM4') throw new Refusal(401, 'captcha_needed', { captcha: captcha() });
  const person = state.people.find((p) => p.login === name);
  if (!person || password !== (person.password ?? PASSWORD)) {
    state.attempts++;
    if (state.attempts >= 5) {
      state.lockedUntil = Date.now() + 900_000;
      throw new Refusal(423, 'locked', { retry_after: 900 });
    }
    throw new Refusal(401, 'bad_password', state.attempts >= 2 ? { captcha: captcha() } : {});
  }
  if (person.totp && totp !== TOTP) throw new Refusal(401, 'totp_needed');
  state.attempts = 0;
  return sessionBody(state, signIn(state, person, ctx));
}

function setup(state, ctx) {
  if (state.setupDone) throw new Refusal(409, 'setup_done');
  const { code, org, name, login: account, password } = ctx.body;
  if (code !== 'ABCD2345WXYZ') throw new Refusal(422, 'bad_code', { field: 'code' });
  strongOr422(password);
  state.org = { id: 1, name: org.name };
  const person = { id: 1, name, login: account, role: 'officer', totp: false, must_change: false, last_sign_in: iso(), password };
  state.people = [person];
  state.setupDone = true;
  signIn(state, person, ctx);
  ctx.status = 201;
  return {
    totp: {
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: `otpauth://totp/Khi%C3%AAn:${account}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Khi%C3%AAn`,
      recovery: ['4821-9930', '1177-2045', '8802-5516', '3094-7718', '6650-1283', '9417-3306', '2275-8841', '5539-0627'],
    },
  };
}

function inRange(state, query) {
  let compiled;
  try { compiled = compile(query.q ?? ''); } catch { throw new Refusal(400, 'bad_query'); }
  const from = Date.parse(query.from ?? '') || 0;
  const to = Date.parse(query.to ?? '') || Infinity;
  const found = state.events.filter((e) => {
    const at = Date.parse(e['@timestamp']);
    return at >= from && at < to && compiled.match(e);
  });
  return { found, pipes: compiled.pipes, from, to };
}

function search(state, { query }) {
  const { found, pipes } = inRange(state, query);
  if (pipes.length) {
    try { return stats(found, pipes); } catch { throw new Refusal(400, 'bad_query'); }
  }
  const limit = Number(query.limit ?? 100);
  const start = Number(query.cursor ?? 0);
  const rows = query.order === 'oldest' ? found : [...found].reverse();
  const cut = (query.q ?? '').includes('kernel') ? { reason: 'time', scanned: 1_200_000 } : null;
  return { items: rows.slice(start, start + limit), next: start + limit < rows.length ? String(start + limit) : null, cut, scanned: state.events.length, took_ms: 18 };
}

function histogram(state, { query }) {
  const { found, from, to } = inRange(state, query);
  const n = Number(query.buckets ?? 60);
  const step = (to - from) / n;
  const bars = new Array(n).fill(0);
  for (const e of found) bars[Math.min(n - 1, Math.floor((Date.parse(e['@timestamp']) - from) / step))]++;
  return { from: iso(from), to: iso(to), step_s: step / 1000, counts: bars, cut: null };
}

function metrics({ query }) {
  const from = Date.parse(query.from);
  const to = Date.parse(query.to);
  const n = 180;
  const wave = { cpu: [14, 9, 100], ram_used: [1.3e9, 0.1e9, 4e9], net_rx_bps: [2.1e5, 1.6e5, 1e7], net_tx_bps: [4e4, 3e4, 1e7] }[query.name] ?? [1, 1, 2];
  const points = Array.from({ length: n }, (_, i) => {
    const at = from + ((to - from) * i) / n;
    if (i > 70 && i < 78) return [iso(at), null];
    const value = wave[0] + wave[1] * (Math.sin(i / 9) + 0.5 * Math.sin(i * 1.7)) + (i === 120 ? wave[1] * 3 : 0);
    return [iso(at), Math.max(0, Math.round(value * 10) / 10)];
  });
  return { points, unit: query.name === 'cpu' ? '%' : query.name.startsWith('net') ? 'bit/s' : 'B' };
}

const fields = () => ({
  items: [
    ['host.name', 'text', 'tên máy', 'machine name'], ['source.ip', 'ip', 'địa chỉ bên gửi', 'sending address'], ['source.port', 'number', 'cổng bên gửi', 'sending port'],
    ['source.name', 'text', 'tên nguồn', 'source name'], ['destination.ip', 'ip', 'địa chỉ bên nhận', 'receiving address'], ['destination.port', 'number', 'cổng bên nhận', 'receiving port'],
    ['user.name', 'text', 'tài khoản', 'account'], ['event.action', 'text', 'hành động', 'action'], ['event.outcome', 'text', 'kết quả', 'outcome'],
    ['process.name', 'text', 'chương trình', 'program'], ['severity', 'level', 'mức', 'level'],
  ].map(([name, type, vi, en]) => ({ name, type, text: { vi, en } })),
});

function findingDetail(state, id) {
  const f = need(state.findings.find((one) => one.id === Number(id)));
  const related = state.events.filter((e) => f.id === 12 ? e.fields['source.ip'] === '45.148.10.86' : e.source.name === (f.group['host.name'] ?? f.group['source.name']));
  const history = [{ time: f.first, who: 'Khiên', what: 'opened', note: null }, ...(state.history[f.id] ?? [])];
  if (f.acknowledged_at && !state.history[f.id]) history.push({ time: f.acknowledged_at, who: f.acknowledged_by, what: 'acknowledged', note: null });
  return { ...f, events: related.slice(-30).reverse(), explain: explainFinding(f.id), history: history.reverse() };
}

function act(state, ctx, id, what) {
  const f = need(state.findings.find((one) => one.id === Number(id)));
  const note = ctx.body.note?.trim() || null;
  if (what === 'closed' && !note) throw new Refusal(422, 'note_needed', { field: 'note' });
  if (f.state === 'closed' || (what === 'acknowledged' && f.state !== 'open')) throw new Refusal(409, 'conflict');
  f.state = what;
  if (what === 'acknowledged') Object.assign(f, { acknowledged_by: ctx.me.person.name, acknowledged_at: iso() });
  (state.history[f.id] ??= []).push({ time: iso(), who: ctx.me.person.name, what, note });
  return f;
}

const mine = (ctx, row) => ({ ...row, mine: row.by === ctx.me.person.name });
function dutyDetail(state, ctx, id) {
  const d = need(state.duties.find((one) => one.id === id));
  return {
    ...d, explain: explain(d), evidence: state.evidence.filter((e) => e.duty === id).map((e) => mine(ctx, e)).reverse(),
    exceptions: state.exceptions.filter((e) => e.duty === id).map((e) => mine(ctx, e)),
    history: [
      { time: iso(Date.now() - 2 * 86400_000), status: d.status, reason: d.reason },
      { time: iso(Date.now() - 32 * 86400_000), status: d.status === 'met' ? 'unknown' : 'met', reason: { code: 'x', args: {}, vi: 'Bằng chứng được duyệt.', en: 'Evidence was approved.' } },
    ],
    law: [
      { number: '116/2025/QH15', title: { vi: 'Luật An ninh mạng', en: 'Law on Cybersecurity' }, in_force: true },
      { number: '20/2017/TT-BTTTT', title: { vi: 'Điều phối, ứng cứu sự cố an toàn thông tin mạng', en: 'Coordination of incident response' }, in_force: false },
    ],
  };
}

function attach(state, ctx, id) {
  need(state.duties.find((d) => d.id === id));
  const { title, dated, content, note } = ctx.body;
  if (!content) throw new Refusal(422, 'limit', { field: 'content' });
  const row = {
    id: 100 + state.evidence.length, duty: id, kind: 'document', title, dated, digest: 'sha256:' + 'ab'.repeat(32), by: ctx.me.person.name, at: iso(),
    state: 'waiting', approved_by: null, approved_at: null, expires: null, note: note || null,
  };
  state.evidence.push(row);
  ctx.status = 201;
  return mine(ctx, row);
}

function decide(state, ctx, list, id, verdict) {
  const row = need(list.find((one) => one.id === Number(id)));
  if (row.by === ctx.me.person.name) throw new Refusal(403, 'same_person');
  if (row.state !== 'waiting') throw new Refusal(409, 'conflict');
  Object.assign(row, { state: verdict, approved_by: ctx.me.person.name, approved_at: iso() });
  const duty = state.duties.find((d) => d.id === row.duty);
  if (verdict === 'approved') duty.status = row.until ? 'na' : 'met';
  return mine(ctx, row);
}

function except(state, ctx, id) {
  const row = { id: 1 + state.exceptions.length, duty: id, reason: ctx.body.reason, until: ctx.body.until, by: ctx.me.person.name, at: iso(), state: 'waiting', approved_by: null };
  state.exceptions.push(row);
  ctx.status = 201;
  return mine(ctx, row);
}

function dutyList(state, { query }) {
  const items = state.duties.filter((d) =>
    (!query.status || d.status === query.status) && (!query.article || String(d.article) === query.article)
    && (!query.chapter || d.chapter === query.chapter) && (!query.kind || d.verification === query.kind));
  return { items, counts: counts(state.duties), chapters, articles };
}

function addPerson(state, ctx) {
  const { name, login: account, password, role } = ctx.body;
  if (state.people.some((p) => p.login === account)) throw new Refusal(409, 'conflict', { field: 'login' });
  strongOr422(password === PASSWORD ? 'x' : password);
  const person = { id: state.people.length + 1, name, login: account, role, totp: false, must_change: true, last_sign_in: null, password };
  state.people.push(person);
  ctx.status = 201;
  return person;
}

function verify(state) {
  state.verify = { state: 'running', finished: null, problems: [] };
  setTimeout(() => { state.verify = { state: 'ok', finished: iso(), problems: [] }; }, 1500);
  return state.verify;
}

const list = (items) => ({ items, next: null, total: items.length });

/** Method, pattern, open to people who are not signed in, handler. */
export const routes = [
  ['GET', '/setup', true, (s) => ({ needed: !s.setupDone, expires_in: s.setupDone ? null : 1740, fingerprint: 'A4:1F:09:5C:77:E2:30:BB:61:D8:4E:92:0C:F5:3A:17' })],
  ['POST', '/setup', true, setup],
  ['GET', '/session', true, (s, ctx) => (ctx.me ? sessionBody(s, ctx.me) : { signed_in: false, captcha: s.attempts >= 2 ? captcha() : null })],
  ['POST', '/session', true, login],
  ['DELETE', '/session', false, (s, ctx) => { s.sessions.delete(ctx.session); ctx.status = 204; }],
  ['GET', '/captcha', true, captcha],
  ['POST', '/me/password', false, (s, ctx) => {
    if (ctx.body.old !== (ctx.me.person.password ?? PASSWORD)) throw new Refusal(401, 'bad_password', { field: 'old' });
    strongOr422(ctx.body.new);
    Object.assign(ctx.me.person, { password: ctx.body.new, must_change: false });
    ctx.status = 204;
  }],
  ['POST', '/me/totp/offer', false, (s, ctx) => ({ secret: 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU', uri: `otpauth://totp/Khi%C3%AAn:${ctx.me.person.login}?secret=KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU&issuer=Khi%C3%AAn`, recovery: ['4821-9930', '1177-2045', '8802-5516', '3094-7718', '6650-1283', '9417-3306', '2275-8841', '5539-0627'] })],
  ['POST', '/me/totp', false, (s, ctx) => {
    if (ctx.body.code !== TOTP) throw new Refusal(422, 'bad_code', { field: 'code' });
    ctx.me.person.totp = s.totp = true;
    ctx.status = 204;
  }],
  ['GET', '/people', false, (s) => list(s.people)],
  ['POST', '/people', false, addPerson],
  ['POST', '/people/:id/password', false, (s, ctx) => {
    const person = need(s.people.find((p) => p.id === Number(ctx.params.id)));
    if (person === ctx.me.person) throw new Refusal(403, 'same_person');
    strongOr422(ctx.body.password);
    Object.assign(person, { password: ctx.body.password, must_change: true, totp: false });
    ctx.status = 204;
  }],
  ['GET', '/me/searches', false, (s) => ({ items: s.searches })],
  ['POST', '/me/searches', false, (s, ctx) => {
    const { name, q, from, to } = ctx.body;
    const same = s.searches.find((one) => one.name === name);
    const row = { id: same?.id ?? 1 + Math.max(0, ...s.searches.map((one) => one.id)), name, q, from, to, created: iso() };
    if (same) Object.assign(same, row);
    else s.searches.push(row);
    ctx.status = 201;
    return { id: row.id };
  }],
  ['DELETE', '/me/searches/:id', false, (s, ctx) => {
    need(s.searches.find((one) => one.id === Number(ctx.params.id)));
    s.searches = s.searches.filter((one) => one.id !== Number(ctx.params.id));
    ctx.status = 204;
  }],
  ['GET', '/settings', false, (s) => ({ items: s.settings })],
  ['POST', '/settings/:id', false, (s, ctx) => {
    const one = need(s.settings.find((row) => row.key === ctx.params.id));
    if (ctx.body.value < one.min || ctx.body.value > one.max) throw new Refusal(400, 'bad_request', { field: 'value' });
    one.history.unshift({ time: iso(), who: ctx.me.person.login, old: one.value, new: ctx.body.value });
    one.value = ctx.body.value;
    return one;
  }],
  ['GET', '/today', false, todayOf],
  ['GET', '/search', false, search],
  ['GET', '/histogram', false, histogram],
  ['GET', '/fields', false, fields],
  ['GET', '/events/:id', false, (s, ctx) => need(s.events.find((e) => e.id === ctx.params.id))],
  ['GET', '/events/:id/around', false, (s, ctx) => {
    const hit = need(s.events.find((e) => e.id === ctx.params.id));
    const same = s.events.filter((e) => e.source.id === hit.source.id);
    const at = same.indexOf(hit);
    return { items: same.slice(Math.max(0, at - 50), at + 51) };
  }],
  ['GET', '/findings', false, (s, ctx) => list(s.findings.filter((f) =>
    (['all', undefined].includes(ctx.query.state) || f.state === ctx.query.state) && (!ctx.query.severity || f.severity === ctx.query.severity)))],
  ['GET', '/findings/:id', false, (s, ctx) => findingDetail(s, ctx.params.id)],
  ['POST', '/findings/:id/ack', false, (s, ctx) => act(s, ctx, ctx.params.id, 'acknowledged')],
  ['POST', '/findings/:id/close', false, (s, ctx) => act(s, ctx, ctx.params.id, 'closed')],
  ['GET', '/duties', false, dutyList],
  ['GET', '/duties/:id', false, (s, ctx) => dutyDetail(s, ctx, ctx.params.id)],
  ['POST', '/duties/:id/evidence', false, (s, ctx) => attach(s, ctx, ctx.params.id)],
  ['POST', '/duties/:id/not-applicable', false, (s, ctx) => except(s, ctx, ctx.params.id)],
  ['POST', '/evidence/:id/approve', false, (s, ctx) => decide(s, ctx, s.evidence, ctx.params.id, 'approved')],
  ['POST', '/evidence/:id/reject', false, (s, ctx) => decide(s, ctx, s.evidence, ctx.params.id, 'rejected')],
  ['POST', '/exceptions/:id/approve', false, (s, ctx) => decide(s, ctx, s.exceptions, ctx.params.id, 'approved')],
  ['POST', '/exceptions/:id/reject', false, (s, ctx) => decide(s, ctx, s.exceptions, ctx.params.id, 'rejected')],
  ['GET', '/sources', false, (s) => list(s.sources)],
  ['POST', '/sources/:id', false, (s, ctx) => Object.assign(need(s.sources.find((one) => one.id === Number(ctx.params.id))), ctx.body)],
  ['GET', '/system', false, (s) => s.system],
  ['GET', '/system/metrics', false, (s, ctx) => metrics(ctx)],
  ['GET', '/system/verify', false, (s) => s.verify],
  ['POST', '/system/verify', false, verify],
];
