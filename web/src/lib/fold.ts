// Folding for search: case and Vietnamese marks disappear, and đ becomes d (it has no decomposition).
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/đ/g, 'd');
}

/** How well every word of `query` is found in `text`; 0 when one of them is missing. */
export function score(query: string, text: string): number {
  const hay = fold(text);
  let sum = 1;
  for (const word of fold(query).split(/\s+/)) {
    if (!word) continue;
    const at = hay.indexOf(word);
    if (at < 0) return 0;
    sum += at === 0 ? 4 : /[\s.\-/]/.test(hay[at - 1] ?? ' ') ? 2 : 1;
  }
  return sum;
}

const collator = new Intl.Collator('vi');
/** Vietnamese order of personal names: given name first, then the whole name. */
export function compareNames(a: string, b: string): number {
  const given = (n: string) => n.trim().split(/\s+/).pop() ?? '';
  return collator.compare(given(a), given(b)) || collator.compare(a, b);
}
