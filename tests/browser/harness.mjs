// What the browser tests share: the browser, contexts that are signed in, watching for complaints, counting.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const OUT = fileURLToPath(new URL('./out/', import.meta.url));
mkdirSync(OUT, { recursive: true });

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

let passed = 0;
let failed = 0;
/** One line of the report; `problems` empty means that it holds. */
export function report(name, problems) {
  const bad = problems.filter(Boolean);
  if (bad.length) failed++;
  else passed++;
  console.log(`${bad.length ? 'not ok' : 'ok'} ${passed + failed} - ${name}`);
  for (const problem of bad) console.log(`  # ${problem}`);
}
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

export async function openContext(browser, { url, lang = 'vi', theme = 'light', width = 1280, account = '', storage }) {
  const context = await browser.newContext({
    baseURL: url, viewport: { width, height: width < 600 ? 844 : 800 }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'UTC',
    ignoreHTTPSErrors: true, storageState: storage ?? undefined,
  });
  await context.addInitScript(({ language }) => {
    localStorage.setItem('khien.lang', language);
    window.khienViolations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.khienViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  }, { language: lang });
  if (account) {
    const answer = await context.request.post('/api/v1/session', { data: { login: account, password: 'Khien@2026', totp: '246810' } });
    if (!answer.ok()) throw new Error(`sign-in of ${account}: ${answer.status()}`);
  }
  return context;
}

/** Collects what the page complains about; answers of 4xx to requests are complaints unless `allow` fits them. */
export function watch(page, allow = /^$/) {
  const complaints = [];
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (['error', 'warning'].includes(message.type()) && !allow.test(text)) complaints.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.stack}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(page.url()).origin && page.url() !== 'about:blank')
      complaints.push(`outside origin: ${request.url()}`);
  });
  return complaints;
}

export const violations = (page) => page.evaluate(() => window.khienViolations);

export async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  }));
  return found.violations.map((v) => `axe ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).join(' ; ')}`);
}

export const overflow = (page) => page.evaluate(() => {
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide <= 0) return '';
  const who = [...document.querySelectorAll('body *')].filter((el) => el.getBoundingClientRect().right > window.innerWidth + 1).slice(0, 3);
  return `overflows by ${wide}px: ${who.map((el) => `${el.tagName}.${el.className}`).join(', ')}`;
});
