// What this browser remembers: language, theme, density, hidden table columns.
export type Lang = 'vi' | 'en';
export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

const PREFIX = 'khien.';
const read = (key: string) => {
  try { return localStorage.getItem(PREFIX + key); } catch { return null; }
};
const write = (key: string, value: string) => {
  try { localStorage.setItem(PREFIX + key, value); } catch { /* private mode: not remembered */ }
};
const oneOf = <T extends string>(value: string | null, all: readonly T[]): T =>
  all.includes(value as T) ? (value as T) : all[0]!;

class Prefs {
  lang = $state<Lang>(oneOf(read('lang'), ['vi', 'en'] as const));
  theme = $state<Theme>(oneOf(read('theme'), ['system', 'light', 'dark'] as const));
  density = $state<Density>(oneOf(read('density'), ['comfortable', 'compact'] as const));
  /** The theme in force after asking the system. */
  shown = $state<'light' | 'dark'>('light');

  #dark = window.matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.#dark.addEventListener('change', () => this.apply());
    window.addEventListener('beforeprint', () => { document.documentElement.dataset.theme = 'light'; });
    window.addEventListener('afterprint', () => this.apply());
    this.apply();
  }

  set(patch: Partial<{ lang: Lang; theme: Theme; density: Density }>) {
    Object.assign(this, patch);
    for (const [key, value] of Object.entries(patch)) write(key, value);
    this.apply();
  }

  apply() {
    const root = document.documentElement;
    this.shown = this.theme === 'system' ? (this.#dark.matches ? 'dark' : 'light') : this.theme;
    root.dataset.theme = this.shown;
    root.dataset.density = this.density;
    root.lang = this.lang;
  }
}
export const prefs = new Prefs();

export function remembered<T>(key: string, fallback: T): T {
  const text = read(key);
  try { return text ? (JSON.parse(text) as T) : fallback; } catch { return fallback; }
}
export const remember = (key: string, value: unknown) => write(key, JSON.stringify(value));
