// Short messages at the corner: what was done, or why it could not be.
import { Problem } from './api';
import { t, type Key } from './i18n.svelte';
import vi from '../messages/vi.json';

export type Toast = { id: number; text: string; bad: boolean };
const SHOWN_MS = 6000;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  say(text: string, bad = false) {
    const id = this.#next++;
    this.list.push({ id, text, bad });
    setTimeout(() => this.drop(id), SHOWN_MS);
  }
  drop(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
  fail(error: unknown) {
    this.say(problemText(error), true);
  }
}
export const toasts = new Toasts();

/** The sentence for a failure; an unknown code is told as an internal error. */
export function problemText(error: unknown): string {
  const code = error instanceof Problem ? error.code : 'internal';
  const key = `problem.${code}`;
  return key in vi ? t(key as Key) : t('problem.internal');
}
