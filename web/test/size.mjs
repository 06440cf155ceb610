// The whole console, compressed, must stay under the limit of the first load (docs: 300 KiB); prints the sum.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT = 300 * 1024;
const root = fileURLToPath(new URL('../dist/', import.meta.url));
const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const sizes = files.map((entry) => {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  return { name: entry.name, size: gzipSync(readFileSync(path), { level: 9 }).length };
});
const sum = sizes.reduce((all, file) => all + file.size, 0);
const ok = sum <= LIMIT;
console.log(`${ok ? 'ok' : 'not ok'} 1 - ${sizes.length} files, ${(sum / 1024).toFixed(1)} KiB gzip of ${LIMIT / 1024}`);
console.log(`${ok ? 1 : 0} passed, ${ok ? 0 : 1} failed`);
process.exit(ok ? 0 : 1);
