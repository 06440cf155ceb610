// Visits every page in both languages, both themes and two widths: no complaint of the browser, none of the policy,
// none of axe, no overflow on a phone. Screenshots go to out/. Arguments are parts of names: node pages.mjs logs vi-dark
// --quick: two of the eight looks.
import { startMock } from '../../web/mock/server.mjs';
import { axe, finish, launch, openContext, OUT, overflow, report, violations, watch } from './harness.mjs';

const wait = (page, selector) => page.waitForSelector(selector, { timeout: 8000 });
const pages = [
  { name: 'login', path: '/login', account: '', ready: '#login-name' },
  { name: 'login-captcha', path: '/login', account: '', node: 'guarded', ready: '#login-captcha' },
  { name: 'setup-code', path: '/setup', account: '', node: 'fresh', ready: 'text=A4:1F' },
  { name: 'setup-officer', path: '/setup', account: '', node: 'fresh', ready: '#setup-code', then: toOfficer },
  { name: 'password', path: '/', account: 'bao.tran', ready: '#password-old' },
  { name: 'today', path: '/', ready: '#card-red' },
  { name: 'today-first-day', path: '/', node: 'empty', ready: '#card-red' },
  { name: 'logs', path: '/logs', ready: '[role=option]' },
  { name: 'logs-detail', path: '/logs?q=root', ready: '[role=option]', then: (page) => page.locator('.list [role=option]').nth(2).click() },
  { name: 'logs-stats', path: '/logs?q=%7C%20stats%20count()%20by%20source.ip%2C%20event.action', ready: 'td' },
  { name: 'logs-cut', path: '/logs?q=kernel', ready: '.notice' },
  { name: 'logs-first-day', path: '/logs', node: 'empty', ready: 'a[href="/sources"].btn' },
  { name: 'findings', path: '/findings', ready: '[data-row]' },
  { name: 'findings-first-day', path: '/findings', node: 'empty', ready: '.empty' },
  { name: 'finding', path: '/findings/12', ready: '#finding-what' },
  { name: 'duties', path: '/duties', ready: '[data-row]' },
  { name: 'duty', path: '/duties/D14.0.3', ready: '#duty-reason' },
  { name: 'sources', path: '/sources', ready: 'td' },
  { name: 'sources-first-day', path: '/sources', node: 'empty', ready: '.empty' },
  { name: 'system', path: '/system', ready: '.u-over' },
  { name: 'system-seal', path: '/system/seal', ready: '#seal-words' },
  { name: 'system-processes', path: '/system/processes', ready: 'td' },
  { name: 'system-config', path: '/system/config', ready: 'td' },
  { name: 'system-settings', path: '/system/settings', ready: 'section h2' },
  { name: 'system-setting-change', path: '/system/settings', ready: 'section h2', then: (page) => page.locator('section .btn').nth(1).click() },
  { name: 'system-people-reset', path: '/system/people', ready: 'td .btn', then: (page) => page.locator('td .btn').first().click() },
  { name: 'logs-saved', path: '/logs', ready: '[role=option]', then: openSaved },
  { name: 'system-full', path: '/system', node: 'full_disk', ready: '.notice' },
  { name: 'system-people', path: '/system/people', ready: 'td' },
  { name: 'me', path: '/me', ready: '#password-old' },
  { name: 'palette', path: '/', ready: '#card-red', then: openPalette },
  { name: 'missing', path: '/khong-co', ready: '.empty' },
];

async function toOfficer(page) {
  await page.fill('#setup-code', 'abcd-2345-wxyz');
  await page.click('button[type=submit]');
  await page.fill('#setup-orgName', 'Ủy ban nhân dân phường Cái Khế');
  await page.fill('#setup-orgCode', 'H13.29');
  await page.fill('#setup-orgAddress', '12 Trần Phú, phường Cái Khế, thành phố Cần Thơ');
  await page.click('button[type=submit]');
  await page.fill('#setup-password', 'Khien2026');
  await page.click('button[type=submit]');
}
async function openSaved(page) {
  await page.locator('header .btn, .btn').filter({ hasText: /Tìm kiếm đã lưu|Saved searches/ }).first().click();
  await page.waitForSelector('dialog li');
}
async function openPalette(page) {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('mat khau');
  await page.waitForTimeout(200);
}

const nodes = {
  full: await startMock(), fresh: await startMock({ fresh: true }), empty: await startMock({ empty: true }), guarded: await startMock(),
  full_disk: await startMock(),
};
nodes.guarded.state.attempts = 2;
nodes.full_disk.state.system.store.intake = 'stopped';
nodes.full_disk.state.system.audit_waiting = 12;
nodes.full_disk.state.system.disk.days_left = null;
const asked = process.argv.slice(2).filter((one) => one !== '--quick');
const quick = process.argv.includes('--quick');
const QUICK = /-(vi-light-1280|en-dark-390)$/;
const wanted = (name) => asked.every((part) => name.includes(part));

const browser = await launch();
for (const lang of ['vi', 'en'])
  for (const theme of ['light', 'dark'])
    for (const width of [1280, 390])
      for (const one of pages) {
        const name = `${one.name}-${lang}-${theme}-${width}`;
        if (!wanted(name) || (quick && !QUICK.test(name))) continue;
        const node = nodes[one.node ?? 'full'];
        const context = await openContext(browser, { url: node.url, lang, theme, width, account: one.account ?? 'huyen' });
        const page = await context.newPage();
        const complaints = watch(page);
        try {
          await page.goto(one.path);
          await wait(page, one.ready);
          await one.then?.(page);
          await page.waitForTimeout(250);
          const problems = [...complaints, ...(await violations(page)), ...(await axe(page)), await overflow(page)];
          await page.screenshot({ path: `${OUT}${name}.png`, fullPage: true });
          report(name, problems);
        } catch (error) {
          await page.screenshot({ path: `${OUT}${name}.png` });
          report(name, [String(error).split('\n')[0], ...complaints]);
        }
        await context.close();
      }
await browser.close();
for (const node of Object.values(nodes)) node.close();
finish();
