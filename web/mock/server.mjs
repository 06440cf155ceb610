// A node that is not there: serves web/dist with the strict policy and answers docs/api.md from memory.
//   node web/mock/server.mjs [--port 8480] [--fresh] [--empty]
// Accounts: huyen (second factor 246810), mo.le, lam.dang, bao.tran (must change); password Khien@2026; set-up code ABCD-2345-WXYZ.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal, routes } from './api.mjs';
import { compile, freshEvent } from './events.mjs';
import { makeState } from './state.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
  + "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json',
};

function send(res, status, body, type = 'application/json', headers = {}) {
  res.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', ...headers });
  res.end(body);
}
const refuse = (res, { status, code, more = {} }) =>
  send(res, status, JSON.stringify({ type: 'about:blank', title: code, status, code, ...more }), 'application/problem+json');

async function asset(res, path) {
  const file = normalize(join(DIST, path));
  if (file.startsWith(DIST) && extname(file)) {
    const body = await readFile(file).catch(() => null);
    if (body) return send(res, 200, body, TYPES[extname(file)] ?? 'application/octet-stream');
    if (path.startsWith('/assets/')) return send(res, 404, 'not found', 'text/plain');
  }
  return send(res, 200, await readFile(join(DIST, 'index.html')), TYPES['.html']);
}

function match(pattern, path) {
  const want = pattern.split('/');
  const have = path.split('/');
  if (want.length !== have.length) return null;
  const params = {};
  for (let i = 0; i < want.length; i++) {
    if (want[i].startsWith(':')) params[want[i].slice(1)] = decodeURIComponent(have[i]);
    else if (want[i] !== have[i]) return null;
  }
  return params;
}

async function bodyOf(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text ? JSON.parse(text) : {};
}

function tail(state, req, res, query) {
  const { match: wanted } = compile(query.q ?? '');
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  res.write(': keep\n\n');
  let i = 0;
  const timer = setInterval(() => {
    const event = freshEvent(7_300_000_000_000 + state.events.length, Date.now(), ++i);
    state.events.push(event);
    if (wanted(event)) res.write(`event: log\ndata: ${JSON.stringify(event)}\n\n`);
    if (i % 40 === 0) res.write('event: dropped\ndata: {"n":3}\n\n');
  }, 250);
  req.on('close', () => clearInterval(timer));
}

function content(state, res, id) {
  const row = state.evidence.find((one) => String(one.id) === id);
  if (!row) return refuse(res, new Refusal(404, 'not_found'));
  return send(res, 200, `Tệp mẫu: ${JSON.stringify(row.title)}\n`, 'text/plain; charset=utf-8', { 'Content-Disposition': 'attachment; filename="bang-chung.txt"' });
}

async function answer(state, req, res, url) {
  const path = url.pathname.slice('/api/v1'.length);
  const query = Object.fromEntries(url.searchParams);
  const id = /khien_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  const me = state.sessions.get(id);
  for (const [method, pattern, open, handle] of routes) {
    const params = method === req.method && match(pattern, path);
    if (!params) continue;
    if (!open && !me) throw new Refusal(401, 'no_session');
    if (method !== 'GET' && !open && req.headers['x-khien-csrf'] !== me.csrf) throw new Refusal(403, 'csrf');
    const ctx = { params, query, me, session: id, status: 200, body: method === 'POST' ? await bodyOf(req) : {}, cookie: null };
    const body = handle(state, ctx);
    const headers = ctx.cookie ? { 'Set-Cookie': `khien_session=${ctx.cookie}; Path=/; HttpOnly; SameSite=Strict` } : {};
    return send(res, ctx.status, ctx.status === 204 ? undefined : JSON.stringify(body), 'application/json', headers);
  }
  if (!me) throw new Refusal(401, 'no_session');
  if (path === '/tail') return tail(state, req, res, query);
  const file = match('/evidence/:id/content', path);
  if (file) return content(state, res, file.id);
  throw new Refusal(404, 'not_found');
}

/** Starts a mock node; port 0 takes a free one. Resolves to { url, state, close }. */
export function startMock({ port = 0, ...options } = {}) {
  const state = makeState(options);
  const server = createServer((req, res) => {
    const url = new URL(req.url, 'http://localhost');
    const work = url.pathname.startsWith('/api/v1/') ? answer(state, req, res, url) : asset(res, url.pathname);
    work.catch((error) => refuse(res, error instanceof Refusal ? error : new Refusal(500, 'internal', { detail: String(error.stack) })));
  });
  server.keepAliveTimeout = 120_000; // a slow browser must not meet a connection that is just being closed
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({
    url: `http://127.0.0.1:${server.address().port}`, state,
    close: () => { server.closeAllConnections(); server.close(); },
  })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const value = (name) => process.argv[process.argv.indexOf(name) + 1];
  const port = process.argv.includes('--port') ? Number(value('--port')) : 8480;
  const mock = await startMock({ port, fresh: process.argv.includes('--fresh'), empty: process.argv.includes('--empty') });
  console.log(`mock node: ${mock.url}`);
}
