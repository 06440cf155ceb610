// Texts by key. Vietnamese is the source and is always there; English is fetched when it is chosen.
import vi from '../messages/vi.json';
import { prefs, type Lang } from './prefs.svelte';
import type { Text } from './types';

export type Key = keyof typeof vi;
type Message = string | { one?: string; other: string };
type Catalogue = Record<Key, Message>;
export type Args = Record<string, string | number>;

const catalogues: { vi: Catalogue; en: Catalogue | null } = { vi, en: null };
const plural: Record<Lang, Intl.PluralRules> = {
  vi: new Intl.PluralRules('vi'),
  en: new Intl.PluralRules('en'),
};
const state = $state({ lang: 'vi' as Lang });

/** Makes the chosen language the shown one; resolves when its texts are here. */
export async function useLanguage(lang: Lang): Promise<void> {
  if (lang === 'en' && !catalogues.en) {
    const en: Catalogue = (await import('../messages/en.json')).default;
    catalogues.en = en;
  }
  state.lang = lang;
  prefs.set({ lang });
}

export const lang = (): Lang => state.lang;

/** The text of `key`, with {names} replaced; `n` chooses the plural form. */
export function t(key: Key, args?: Args): string {
  const found: Message = (catalogues[state.lang] ?? catalogues.vi)[key];
  let text: string;
  if (typeof found === 'string') text = found;
  else {
    const form = plural[state.lang].select(Number(args?.n ?? 0));
    text = form === 'one' && found.one ? found.one : found.other;
  }
  if (!args) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in args ? show(args[name]!) : whole);
}

const show = (value: string | number) =>
  typeof value === 'number' ? number(value) : value;

const numbers: Record<Lang, Intl.NumberFormat> = {
  vi: new Intl.NumberFormat('vi-VN', { maximumFractionDigits: 1 }),
  en: new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }),
};
/** A number as the language writes it: 1.234,5 or 1,234.5. */
export const number = (value: number | null): string => (value === null ? '–' : numbers[state.lang].format(value));

/** The shown language of a text that comes from the node. */
export const tr = (text: Text | string | null | undefined): string =>
  !text ? '' : typeof text === 'string' ? text : text[state.lang] || text.vi;
