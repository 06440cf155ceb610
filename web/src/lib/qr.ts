// QR codes (ISO/IEC 18004) of short texts: byte mode, error correction M, versions 1 to 15.

// Per version: error-correction bytes per block, blocks of the first size, blocks with one data byte more, total data bytes.
const ECC = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];
const TOTAL = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346, 404, 466, 532, 581, 655];
const ECC_M_BITS = 0;

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const mul = (a: number, b: number) => (a && b ? EXP[LOG[a]! + LOG[b]!]! : 0);

function generator(degree: number): number[] {
  let poly = [1];
  for (let i = 0; i < degree; i++) {
    const next = [...poly, 0];
    for (let j = 0; j < poly.length; j++) next[j + 1] = next[j + 1]! ^ mul(poly[j]!, EXP[i]!);
    poly = next;
  }
  return poly.slice(1);
}

function remainder(data: number[], divisor: number[]): number[] {
  const rest = new Array<number>(divisor.length).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift()!;
    rest.push(0);
    for (let i = 0; i < divisor.length; i++) rest[i] = rest[i]! ^ mul(divisor[i]!, factor);
  }
  return rest;
}

const capacity = (v: number) => TOTAL[v - 1]! - ECC[v - 1]! * BLOCKS[v - 1]!;

function codewords(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const room = capacity(version) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8)
    data.push(bits.slice(i, i + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  for (let pad = 0xec; data.length < capacity(version); pad ^= 0xec ^ 0x11) data.push(pad);
  return interleave(data, version);
}

function interleave(data: number[], version: number): number[] {
  const count = BLOCKS[version - 1]!;
  const short = Math.floor(capacity(version) / count);
  const longFrom = count - (capacity(version) % count);
  const divisor = generator(ECC[version - 1]!);
  const blocks: number[][] = [];
  const checks: number[][] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const size = short + (i >= longFrom ? 1 : 0);
    const block = data.slice(at, at + size);
    at += size;
    blocks.push(block);
    checks.push(remainder(block, divisor));
  }
  const out: number[] = [];
  for (let i = 0; i <= short; i++) for (const block of blocks) if (i < block.length) out.push(block[i]!);
  for (let i = 0; i < ECC[version - 1]!; i++) for (const check of checks) out.push(check[i]!);
  return out;
}

class Grid {
  readonly dark: boolean[][];
  readonly fixed: boolean[][];
  constructor(readonly size: number) {
    const empty = () => Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.dark = empty();
    this.fixed = empty();
  }
  set(x: number, y: number, dark: boolean) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y]![x] = dark;
    this.fixed[y]![x] = true;
  }
}

function alignment(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = version * 4 + 10;
  const step = Math.ceil((last - 6) / (count - 1) / 2) * 2;
  const at = [6];
  for (let i = 0; i < count - 1; i++) at.splice(1, 0, last - i * step);
  return at;
}

function drawPatterns(g: Grid, version: number) {
  const n = g.size;
  for (let i = 0; i < n; i++) {
    g.set(6, i, i % 2 === 0);
    g.set(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [n - 4, 3], [3, n - 4]] as const)
    for (let dy = -4; dy <= 4; dy++)
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        g.set(cx + dx, cy + dy, ring !== 2 && ring !== 4);
      }
  const centres = alignment(version);
  const last = centres.length - 1;
  centres.forEach((cx, i) => centres.forEach((cy, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let dy = -2; dy <= 2; dy++)
      for (let dx = -2; dx <= 2; dx++) g.set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
}

function drawFormat(g: Grid, version: number, mask: number) {
  const n = g.size;
  const data = (ECC_M_BITS << 3) | mask;
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i: number) => ((bits >> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) g.set(8, i, bit(i));
  g.set(8, 7, bit(6));
  g.set(8, 8, bit(7));
  g.set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) g.set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) g.set(n - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) g.set(8, n - 15 + i, bit(i));
  g.set(8, n - 8, true);
  if (version < 7) return;
  let more = version;
  for (let i = 0; i < 12; i++) more = (more << 1) ^ ((more >> 11) * 0x1f25);
  const wide = (version << 12) | more;
  for (let i = 0; i < 18; i++) {
    const a = n - 11 + (i % 3);
    const b = Math.floor(i / 3);
    g.set(a, b, ((wide >> i) & 1) === 1);
    g.set(b, a, ((wide >> i) & 1) === 1);
  }
}

function drawData(g: Grid, words: number[]) {
  const n = g.size;
  let i = 0;
  for (let right = n - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < n; step++)
      for (let j = 0; j < 2; j++) {
        const x = right - j;
        const y = ((right + 1) & 2) === 0 ? n - 1 - step : step;
        if (g.fixed[y]![x] || i >= words.length * 8) continue;
        g.dark[y]![x] = ((words[i >> 3]! >> (7 - (i & 7))) & 1) === 1;
        i++;
      }
  }
}

/** Mask 0 (a chessboard) keeps every code readable; scanners accept any of the eight. */
function applyMask(g: Grid) {
  for (let y = 0; y < g.size; y++)
    for (let x = 0; x < g.size; x++)
      if (!g.fixed[y]![x] && (x + y) % 2 === 0) g.dark[y]![x] = !g.dark[y]![x];
}

/** The dark modules of the code for `text`, row by row. */
export function qr(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  let version = 1;
  while (version <= ECC.length && capacity(version) < bytes.length + (version < 10 ? 2 : 3)) version++;
  if (version > ECC.length) throw new RangeError('text too long for a QR code');
  const g = new Grid(version * 4 + 17);
  drawPatterns(g, version);
  drawFormat(g, version, 0);
  drawData(g, codewords(bytes, version));
  applyMask(g);
  return g.dark;
}
