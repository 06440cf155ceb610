// The whole road against the real node: from the one-time code to the checked seals, then every page as a browser sees it.
//   node road.mjs [KHIEND] [--quick] [--readme]
// --quick: the pages in two looks only; --readme: small pictures for README.md go to docs/images/.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { axe, finish, launch, openContext, OUT, overflow, report, violations, watch } from './harness.mjs';
import { record, sendTcp, sendUdp, startNode, totp, until } from './node.mjs';

const root = new URL('../../', import.meta.url);
const asked = process.argv.slice(2);
const program = asked.find((one) => !one.startsWith('--')) ?? fileURLToPath(new URL('build/src/khiend/khiend', root));
const quick = asked.includes('--quick');
const IMAGES = fileURLToPath(new URL('docs/images/', root));

const OFFICER = { login: 'huyen.dang', password: 'Cantho#9x' };
const HEAD = { login: 'mo.le', first: 'Tam#2026x', password: 'Moi#2026xy' };
const ATTACKER = '203.0.113.7';
const IDLE_S = 100;
// Refusals are part of the road; the browser tells of each in its console.
const refusals = /status of 4(01|03|23)/;

const node = await startNode(program);
const browser = await launch();
const kept = { officer: null, head: null, before: {}, recovery: [], finding: 0 };

const see = (page, text) => page.getByText(text).first().waitFor();
const button = (page, name) => page.getByRole('button', { name, exact: true }).first();
const send = (page) => page.locator('dialog [type=submit]').click();
function must(condition, what) {
  if (!condition) throw new Error(what);
}
const open = (options = {}) => openContext(browser, { url: node.url, ...options, storage: kept[options.storage] });
const ask = async (context, path) => (await context.request.get(`/api/v1${path}`)).json();

/** How many sources each of the two duties was judged by. */
const facts = async (context) => Object.fromEntries(await Promise.all(['D14.0.1', 'D19.3.1'].map(async (id) => [id, (await ask(context, `/duties/${id}`)).reason.args.sources ?? 0])));

let broken = false;
/** One step of the road; after a failure the next ones are still tried, they tell more. */
async function step(name, steps, options = {}) {
  const context = await open(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = watch(page, options.allow ?? refusals);
  try {
    await steps(page, context);
    report(name, [...complaints, ...(await violations(page))]);
  } catch (error) {
    broken = true;
    await page.screenshot({ path: `${OUT}road-${name.replace(/\W+/g, '-')}.png` });
    report(name, [String(error.stack).split('\n').slice(0, 3).join(' '), ...complaints]);
  }
  await context.close();
}
async function signIn(page, { login, password }) {
  await page.goto('/login');
  await page.fill('#login-name', login);
  await page.fill('#login-password', password);
  await page.click('[type=submit]');
}
const attacks = (n, from = ATTACKER) => Array.from({ length: n }, (_, i) => record(`Failed password for root from ${from} port ${50_000 + i} ssh2`, { priority: 36 }));

await step('set-up with the one-time code, second factor, the first day', async (page, context) => {
  await page.goto('/');
  await see(page, node.fingerprint.slice(0, 20));
  await page.screenshot({ path: `${OUT}road-setup.png`, fullPage: true });
  await page.fill('#setup-code', '2222-3333-4444');
  const wizard = [
    { orgName: 'Ủy ban nhân dân phường Cái Khế', orgCode: 'H13.29', orgAddress: '12 Trần Phú, phường Cái Khế, thành phố Cần Thơ' },
    { name: 'Đặng Thị Ngọc Huyền', phone: '0292 3820 000', login: OFFICER.login, password: OFFICER.password, again: OFFICER.password },
  ];
  await page.click('[type=submit]');
  for (const fields of wizard) {
    for (const [id, text] of Object.entries(fields)) await page.fill(`#setup-${id}`, text);
    await page.click('[type=submit]');
  }
  await see(page, 'Mã không đúng hoặc đã hết hạn.');
  await page.fill('#setup-code', node.code.toLowerCase());
  for (let i = 0; i < 3; i++) await page.click('[type=submit]');
  await see(page, 'Quét mã');
  await page.screenshot({ path: `${OUT}road-totp.png`, fullPage: true });
  const secret = (await page.locator('.secret').innerText()).replace(/\s/g, '');
  kept.recovery = await page.locator('.codes code').allInnerTexts();
  must(kept.recovery.length === 8, 'not eight recovery codes');
  await page.fill('#totp-code', totp(secret));
  await page.click('[type=submit]');
  await see(page, 'Chuẩn bị ban đầu');
  await page.screenshot({ path: `${OUT}road-first-day.png`, fullPage: true });
  kept.officer = await context.storageState();
  kept.before = await facts(context);
  must(kept.before['D14.0.1'] < 2, 'more sources than this machine');
});

await step('logs: search, histogram, surrounding lines', async (page, context) => {
  await sendUdp(node.syslog, attacks(20));
  await sendTcp(node.syslog, [...attacks(20), record('Accepted publickey for bao from 10.0.0.5 port 40022 ssh2'),
    record('tep <b>khong phai HTML</b> & "dau nhay"', { program: 'van-thu', host: 'may-tinh-van-thu' })]);
  await until('forty records are stored', async () => {
    const found = await ask(context, `/search?q=${encodeURIComponent(ATTACKER)}&limit=100`);
    return found.items?.length >= 40;
  });
  await page.goto('/logs?from=1h');
  await page.waitForSelector('.list [role=option]');
  await page.locator('[data-search]').fill(`source.ip:${ATTACKER}`);
  await page.keyboard.press('Enter');
  await see(page, /^40 dòng/);
  await page.waitForSelector('.u-over');
  await page.locator('.list [role=option]').nth(3).click();
  await see(page, 'Các trường');
  await page.screenshot({ path: `${OUT}road-log-detail.png` });
  await button(page, 'Xem 50 dòng trước và sau').click();
  await page.waitForSelector('#around-here');
  await page.keyboard.press('Escape');
}, { storage: 'officer' });

await step('logs: the live view shows a line that comes meanwhile', async (page) => {
  await page.goto('/logs?live=1&q=cua-so-truc-tiep');
  await see(page, 'Đang nhận nhật ký trực tiếp');
  await sendUdp(node.syslog, [record('cua-so-truc-tiep 4711', { program: 'van-thu' })]);
  await page.waitForSelector('.list [role=option]:has-text("4711")');
}, { storage: 'officer' });

await step('the finding says what, why and what now, and is acknowledged', async (page, context) => {
  const list = await until('a finding', async () => {
    const all = await ask(context, '/findings?state=all');
    return all.items?.find((one) => one.rule.includes('brute')) && all.items;
  });
  kept.finding = list.find((one) => one.rule.includes('brute')).id;
  await page.goto('/');
  await page.waitForSelector('main [data-ack]');
  await page.goto('/findings');
  await page.waitForSelector('[data-row]');
  await page.goto(`/findings/${kept.finding}`);
  for (const part of ['what', 'why', 'now']) must((await page.locator(`#finding-${part} p`).innerText()).length > 20, `no ${part}`);
  must((await page.locator('#finding-what p').innerText()).includes(ATTACKER), 'the address is not named');
  await page.screenshot({ path: `${OUT}road-finding.png`, fullPage: true });
  await button(page, 'Tiếp nhận').click();
  await see(page, 'Đã tiếp nhận phát hiện.');
  await page.goto(`/findings/${kept.finding}?tab=history`);
  await see(page, /: tiếp nhận$/);
  await see(page, 'Khiên: ghi nhận');
}, { storage: 'officer' });

await step('duties follow the facts: the sources are known now', async (page, context) => {
  await until('the duties count the new sources', async () => {
    const after = await facts(context);
    return Object.keys(after).every((id) => after[id] >= (kept.before[id] ?? 0) + 2);
  }, 75_000);
  await page.goto('/duties');
  await page.waitForSelector('[data-row]');
  must((await page.locator('[data-row]').count()) > 300, 'duties are missing');
  await page.goto('/duties/D14.0.1');
  await page.waitForSelector('#duty-reason');
  await see(page, (await ask(context, '/duties/D14.0.1')).reason.vi);
}, { storage: 'officer' });

await step('a document is attached; the one who attached it may not approve it', async (page) => {
  await page.goto('/duties/D14.0.3');
  await button(page, 'Đính kèm bằng chứng').click();
  await page.setInputFiles('#attach-file', { name: 'bien-ban-ra-soat.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 biên bản') });
  await send(page);
  await see(page, 'Đã đính kèm.');
  await page.goto('/duties/D14.0.3?tab=evidence');
  await see(page, 'người gửi không tự duyệt được');
  must((await button(page, 'Duyệt').count()) === 0, 'the author may approve');
}, { storage: 'officer' });

await step('a second person is added', async (page) => {
  await page.goto('/system/people');
  await button(page, 'Thêm người').click();
  await page.fill('#person-name', 'Lê Thị Mơ');
  await page.fill('#person-login', HEAD.login);
  await page.fill('#person-password', HEAD.first);
  await send(page);
  await see(page, HEAD.login);
}, { storage: 'officer' });

await step('the second person changes the first password and approves', async (page, context) => {
  await signIn(page, { login: HEAD.login, password: HEAD.first });
  await page.fill('#password-old', HEAD.first);
  await page.fill('#password-next', HEAD.password);
  await page.fill('#password-again', HEAD.password);
  await page.click('[type=submit]');
  await see(page, 'Cần làm ngay');
  await page.goto('/duties/D14.0.3?tab=evidence');
  await button(page, 'Duyệt').click();
  await see(page, 'Đã duyệt.');
  await page.screenshot({ path: `${OUT}road-approved.png`, fullPage: true });
  const d = await ask(context, '/duties/D14.0.3');
  must(d.evidence.some((one) => one.kind === 'document' && one.state === 'approved' && one.approved_by), 'not approved');
  kept.head = await context.storageState();
});

await step('sources count, the seals are checked', async (page, context) => {
  await page.goto('/sources');
  await page.waitForSelector('td');
  const sources = (await ask(context, '/sources')).items.filter((one) => ['udp', 'tcp'].includes(one.kind));
  must(sources.length >= 2 && sources.reduce((sum, one) => sum + one.stored, 0) >= 43, `counted: ${JSON.stringify(sources.map((one) => [one.kind, one.name, one.stored]))}`);
  must(sources.every((one) => one.dropped === 0 && one.complete.gaps === 0), 'something is lost');
  await page.goto('/system/seal');
  await button(page, 'Kiểm tra niêm phong').click();
  await see(page, 'Mọi niêm phong đều khớp.');
}, { storage: 'officer' });

await step('a search is saved; a setting changes at once; settings speak both languages', async (page, context) => {
  await page.goto('/logs?q=sshd&from=1h');
  await page.waitForSelector('.list [role=option]');
  await button(page, 'Tìm kiếm đã lưu').click();
  await page.fill('#saved-name', 'Đăng nhập từ xa');
  await button(page, 'Lưu').click();
  await see(page, 'Đã lưu “Đăng nhập từ xa”.');
  await page.goto('/logs');
  await button(page, 'Tìm kiếm đã lưu').click();
  await page.locator('dialog .take').filter({ hasText: 'Đăng nhập từ xa' }).click();
  await page.waitForURL(/q=sshd/);
  await page.goto('/system/settings');
  await button(page, 'Sửa: Tự thoát phiên sau').click();
  await page.fill('#setting-value', '240');
  await button(page, 'Lưu').click();
  await see(page, '1 lần thay đổi');
  must((await ask(context, '/session')).idle_s === 240, 'the setting is not in force');
  for (const one of (await ask(context, '/settings')).items) must(one.title.vi && one.title.en && one.doc.vi && one.doc.en && one.doc.vi !== one.doc.en, `texts of ${one.key}`);
}, { storage: 'officer' });

/** Nobody touches anything: a warning, then the way to the sign-in page with the reason. */
async function idle() {
  await step('idle: a warning, then signed out with the reason', async (page) => {
    await page.goto('/');
    await see(page, 'Cần làm ngay');
    await page.getByText('Sắp tự đăng xuất').first().waitFor({ timeout: (IDLE_S - 40) * 1000 });
    await page.getByText('Đã tự đăng xuất vì một lúc không có thao tác.').first().waitFor({ timeout: (IDLE_S + 20) * 1000 });
  }, { storage: 'head' });
}

const pages = [
  { name: 'today', path: '/', ready: '#card-red', image: 'today' },
  { name: 'logs', path: '/logs?from=1h', ready: '.list [role=option]', image: 'logs', shown: '/logs?from=15m&q=sshd' },
  { name: 'logs-stats', path: '/logs?from=1h&q=%7C%20stats%20count()%20by%20source.ip%2C%20event.action', ready: 'td' },
  { name: 'findings', path: '/findings?state=all', ready: '[data-row]' },
  { name: 'finding', path: () => `/findings/${kept.finding}`, ready: '#finding-what', image: 'finding' },
  { name: 'duties', path: '/duties', ready: '[data-row]', image: 'duties' },
  { name: 'duty', path: '/duties/D14.0.1', ready: '#duty-reason' },
  { name: 'duty-evidence', path: '/duties/D14.0.3?tab=evidence', ready: 'main section:not(.away) li' },
  { name: 'duty-history', path: '/duties/D14.0.1?tab=history', ready: 'main ol li' },
  { name: 'sources', path: '/sources', ready: 'td' },
  { name: 'system', path: '/system?span=1h', ready: '.u-over', image: 'system' },
  { name: 'system-seal', path: '/system/seal', ready: '#seal-words' },
  { name: 'system-processes', path: '/system/processes', ready: 'td' },
  { name: 'system-config', path: '/system/config', ready: 'td' },
  { name: 'system-settings', path: '/system/settings', ready: 'section h2' },
  { name: 'system-people', path: '/system/people', ready: 'td' },
  { name: 'me', path: '/me', ready: '#password-old' },
];
const looks = ['vi', 'en'].flatMap((lang) => ['light', 'dark'].flatMap((theme) => [1280, 390].map((width) => ({ lang, theme, width }))));
const shown = quick ? looks.filter((l) => (l.lang === 'vi' && l.theme === 'light' && l.width === 1280) || (l.lang === 'en' && l.theme === 'dark' && l.width === 390)) : looks;

async function visit(context, one, look) {
  const name = `road-${one.name}-${look.lang}-${look.theme}-${look.width}`;
  const page = await context.newPage();
  const complaints = watch(page);
  try {
    await page.goto(typeof one.path === 'string' ? one.path : one.path());
    await page.waitForSelector(one.ready, { timeout: 10_000 });
    await page.waitForTimeout(250);
    const problems = [...complaints, ...(await violations(page)), ...(await axe(page)), await overflow(page)];
    await page.screenshot({ path: `${OUT}${name}.png`, fullPage: true });
    report(name, problems);
  } catch (error) {
    await page.screenshot({ path: `${OUT}${name}.png` });
    report(name, [String(error).split('\n')[0], ...complaints]);
  }
  await page.close();
}
async function everyPage() {
  for (const look of shown) {
    const context = await open({ ...look, storage: 'officer' });
    for (const one of pages) await visit(context, one, look);
    await context.close();
  }
}
async function readme() {
  mkdirSync(IMAGES, { recursive: true });
  const pictures = [
    ...pages.filter((one) => one.image).map((one) => ({ ...one, file: `${one.image}-vi`, look: {} })),
    { ...pages[0], file: 'today-en', look: { lang: 'en' } }, { ...pages[0], file: 'today-dark', look: { theme: 'dark' } },
    { ...pages[0], file: 'today-narrow', look: { width: 390 } },
  ];
  for (const one of pictures) {
    const context = await open({ ...one.look, storage: 'officer' });
    const page = await context.newPage();
    await page.goto(one.shown ?? (typeof one.path === 'string' ? one.path : one.path()));
    await page.waitForSelector(one.ready);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${IMAGES}${one.file}.png` });
    await context.close();
  }
}

async function setIdle(value) {
  const context = await open({ storage: 'officer' });
  const { csrf } = await ask(context, '/session');
  const answer = await context.request.post('/api/v1/settings/session.idle_s', { data: { value }, headers: { 'X-Khien-CSRF': csrf } });
  must(answer.ok(), `session.idle_s: ${answer.status()}`);
  await context.close();
}

if (!broken) {
  if (asked.includes('--readme')) await readme();
  await setIdle(IDLE_S);
  await Promise.all([idle(), everyPage()]);
  await setIdle(300);
}

await step('sign-out, then the second factor with a recovery code', async (page) => {
  await page.goto('/');
  await page.locator('.who').click();
  await button(page, 'Đăng xuất').click();
  await page.waitForURL('**/login*');
  await signIn(page, OFFICER);
  await page.fill('#login-totp', kept.recovery[0]);
  await page.click('[type=submit]');
  await see(page, 'Cần làm ngay');
}, { storage: 'officer' });

await step('three wrong passwords bring the picture', async (page) => {
  await page.goto('/login');
  for (let i = 0; i < 3; i++) {
    await page.fill('#login-name', HEAD.login);
    await page.fill('#login-password', `Sai#2026${i}`);
    await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), page.click('[type=submit]')]);
    await until('the answer is shown', () => page.locator('[type=submit]').isEnabled());
  }
  await page.waitForSelector('#login-captcha');
  await page.screenshot({ path: `${OUT}road-captcha.png` });
});

await browser.close();
await node.stop();
finish();
