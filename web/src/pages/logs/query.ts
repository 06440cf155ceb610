// Small edits of the query text: adding conditions, and what may be completed at the caret.
import { t, tr } from '../../lib/i18n.svelte';
import type { FieldInfo } from '../../lib/types';

export type Suggestion = { text: string; hint: string };
const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;
const SHOWN = 8;

const quote = (value: string) => (/^[\w.\-/]+$/.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`);

/** The conditions of a query without its pipes; a stroke inside quotes is no pipe. */
export const conditions = (query: string) => (/^(?:"(?:\\.|[^"\\])*"?|[^"|])*/.exec(query)?.[0] ?? '').trim();

/** Adds a condition before the first pipe; an excluded one with NOT. A condition that is already there stays single. */
export function withCondition(query: string, field: string, value: string, exclude = false): string {
  const at = query.indexOf('|');
  const head = (at < 0 ? query : query.slice(0, at)).trim();
  const tail = at < 0 ? '' : ` ${query.slice(at)}`;
  const condition = `${exclude ? 'NOT ' : ''}${field}:${quote(value)}`;
  if (head.includes(condition)) return query;
  return `${head ? `${head} ` : ''}${condition}${tail}`;
}

/** The word under the caret: where it starts, and the text before the caret. */
export function wordAt(query: string, caret: number): { start: number; word: string } {
  const start = Math.max(query.lastIndexOf(' ', caret - 1), query.lastIndexOf('(', caret - 1)) + 1;
  return { start, word: query.slice(start, caret) };
}

export function suggest(query: string, caret: number, fields: FieldInfo[]): Suggestion[] {
  const { start, word } = wordAt(query, caret);
  const before = query.slice(0, start).trimEnd();
  if (before.endsWith('|'))
    return ['stats count() by ', 'sort -count', 'limit 10', 'top '].filter((text) => text.startsWith(word)).map((text) => ({ text, hint: '' }));
  if (word.startsWith('severity:')) {
    const typed = word.slice('severity:'.length).replace(/^[<>=]+/, '');
    const head = word.slice(0, word.length - typed.length);
    return SEVERITIES.filter((s) => s.startsWith(typed)).map((s) => ({ text: `${head}${s} `, hint: t(`log.${s}`) }));
  }
  if (!word || word.includes(':')) return [];
  const bare = word.replace(/^-/, '').toLowerCase();
  const end = /\bby$|,$/.test(before) ? ' ' : ':';
  return fields
    .filter((field) => field.name.toLowerCase().includes(bare))
    .sort((a, b) => Number(b.name.startsWith(bare)) - Number(a.name.startsWith(bare)))
    .slice(0, SHOWN)
    .map((field) => ({ text: field.name + end, hint: tr(field.text) }));
}
