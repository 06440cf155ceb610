// Every key that the code uses has a text in both languages, and every text is used. Output in TAP.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
const load = (lang) => JSON.parse(readFileSync(join(root, 'messages', `${lang}.json`), 'utf8'));
const vi = load('vi');
const en = load('en');

let passed = 0;
let failed = 0;
function check(name, problems) {
  const ok = problems.length === 0;
  if (ok) passed++;
  else failed++;
  console.log(`${ok ? 'ok' : 'not ok'} ${passed + failed} - ${name}`);
  for (const problem of problems) console.log(`  # ${problem}`);
}

// A literal 'a.b' that is a key counts as its use; a template `a.${x}.b` counts for every key of that form.
const literals = new Set([...source.matchAll(/'([a-z]+(?:\.[\w]+)+)'/g)].map((m) => m[1]));
const called = new Set([...source.matchAll(/\bt\(\s*'([^']+)'/g)].map((m) => m[1]));
const pattern = (form) => new RegExp(`^${form.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.]/g, '\\.')).join('\\w+')}$`);
const templates = (before) => [...new Set([...source.matchAll(new RegExp(`${before}\`([a-z_]+\\.[^\`\\s]*\\$\\{[^\`]*\\}[^\`\\s]*)\``, 'g'))].map((m) => m[1]))].map(pattern);
const calledForms = templates('\\bt\\(\\s*');
const forms = [...calledForms, ...templates('')];
const used = (key) => literals.has(key) || called.has(key) || forms.some((form) => form.test(key));

const texts = (message) => (typeof message === 'string' ? [message] : Object.values(message));
const names = (message) => [...new Set(texts(message).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1])))].sort().join();

for (const [lang, own, other] of [['vi', vi, en], ['en', en, vi]]) {
  check(`${lang}: every key in use has a text`, [...called].filter((key) => !(key in own)));
  check(`${lang}: no key is missing that the other language has`, Object.keys(other).filter((key) => !(key in own)));
  check(`${lang}: no text is unused`, Object.keys(own).filter((key) => !used(key)));
  check(`${lang}: plural forms end in "other"`, Object.keys(own).filter((key) => typeof own[key] !== 'string' && !own[key].other));
}
check('both languages use the same {names}', Object.keys(vi).filter((key) => key in en && names(vi[key]) !== names(en[key])));
check('every dynamic form of key has texts', calledForms.filter((form) => !Object.keys(vi).some((key) => form.test(key))).map(String));
check('vietnamese texts speak to nobody in particular', Object.keys(vi).filter((key) => texts(vi[key]).some((text) => /(^|\s)bạn(\s|[.,]|$)/i.test(text))));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
