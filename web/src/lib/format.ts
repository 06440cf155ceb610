// Times (always Vietnam time, GMT+7), durations, sizes and clause names as people read them.
import { lang, number, t } from './i18n.svelte';

const ZONE_MS = 7 * 3600_000;
const DAY_S = 86_400;
const NONE = '–';
const two = (n: number) => String(n).padStart(2, '0');

export const ms = (time: string | null): number => (time ? Date.parse(time) : NaN);
/** Seconds from the epoch of Vietnamese midnight before `at`, used to compare days. */
const dayNumber = (at: number) => Math.floor((at + ZONE_MS) / (DAY_S * 1000));

function parts(at: number) {
  const d = new Date(at + ZONE_MS);
  return {
    year: d.getUTCFullYear(), month: two(d.getUTCMonth() + 1), day: two(d.getUTCDate()),
    weekday: d.getUTCDay(), clock: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`,
    seconds: two(d.getUTCSeconds()), milli: String(d.getUTCMilliseconds()).padStart(3, '0'),
  };
}

export const dateOnly = (at: number): string => {
  if (Number.isNaN(at)) return NONE;
  const p = parts(at);
  return `${p.day}/${p.month}/${p.year}`;
};
/** yyyy-MM-dd in Vietnam time, for date inputs and the node. */
export const isoDate = (at: number): string => {
  const p = parts(at);
  return `${p.year}-${p.month}-${p.day}`;
};
export const absolute = (at: number): string => {
  if (Number.isNaN(at)) return NONE;
  const p = parts(at);
  return `${p.day}/${p.month}/${p.year} ${p.clock}:${p.seconds}`;
};
export const clock = (at: number): string => parts(at).clock;
/** Time of a log line: the day only when it is another one than `now`. */
export const logTime = (at: number, now: number): string => {
  const p = parts(at);
  const time = `${p.clock}:${p.seconds}`;
  return dayNumber(at) === dayNumber(now) ? `${time}.${p.milli}` : `${p.day}/${p.month} ${time}`;
};
/** dd/MM/yyyy HH:mm as people type it; browsers' own date boxes follow the language of the browser. */
export const moment = (at: number): string => `${dateOnly(at)} ${clock(at)}`;

/** What was typed as dd/MM/yyyy, with HH:mm or without, in Vietnam time; NaN when it is no such moment. */
export function parseMoment(text: string): number {
  const m = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s+(\d{1,2}):(\d{2}))?\s*$/.exec(text);
  if (!m) return NaN;
  const iso = `${m[3]}-${two(Number(m[2]))}-${two(Number(m[1]))}`;
  const at = Date.parse(`${iso}T${two(Number(m[4] ?? 0))}:${m[5] ?? '00'}:00+07:00`);
  return isoDate(at) === iso ? at : NaN;
}

/** "hôm nay 08:14", "hôm qua 22:10", "18/11 08:14", "18/11/2025 08:14". */
export function when(at: number, now: number): string {
  const p = parts(at);
  const days = dayNumber(at) - dayNumber(now);
  if (days === 0) return t('time.today', { clock: p.clock });
  if (days === -1) return t('time.yesterday', { clock: p.clock });
  if (days === 1) return t('time.tomorrow', { clock: p.clock });
  const year = p.year === parts(now).year ? '' : `/${p.year}`;
  return `${p.day}/${p.month}${year} ${p.clock}`;
}

/** "chủ nhật 22/11/2026". */
export function longDate(at: number): string {
  const p = parts(at);
  const weekday = t(`time.weekday.${p.weekday as 0 | 1 | 2 | 3 | 4 | 5 | 6}`);
  return `${weekday} ${p.day}/${p.month}/${p.year}`;
}

/** The largest units of a duration: "7 giờ 12 phút". */
export function duration(seconds: number, units = 2): string {
  const s = Math.max(0, Math.round(seconds));
  const days = Math.floor(s / DAY_S);
  const hours = Math.floor((s % DAY_S) / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  const words: string[] = [];
  if (days) words.push(t('time.days', { n: days }));
  if (hours && days < 30) words.push(t('time.hours', { n: hours }));
  if (minutes && !days) words.push(t('time.minutes', { n: minutes }));
  if (!words.length) words.push(t('time.seconds', { n: s }));
  return words.slice(0, units).join(' ');
}

export const ago = (at: number, now: number): string =>
  now - at < 10_000 ? t('time.just_now') : t('time.ago', { span: duration((now - at) / 1000, 1) });
export const left = (due: number, now: number): string =>
  due >= now
    ? t('time.left', { span: duration((due - now) / 1000) })
    : t('time.over', { span: duration((now - due) / 1000) });

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
export function bytes(n: number | null, per = ''): string {
  if (n === null) return NONE;
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${number(value >= 100 ? Math.round(value) : value)} ${BYTE_UNITS[unit]}${per}`;
}
export const percent = (part: number, whole: number): string =>
  whole > 0 ? `${number(Math.round((part / whole) * 100))}%` : '–';

const clauseParts = (id: string) => id.split('.').map((part) => (part === 'dd' ? 'đ' : part));

/** Short form of a clause or duty id: D20.2.b → Đ20.2.b, D12.3.dd → Đ12.3.đ. */
export function clauseShort(id: string): string {
  const p = clauseParts(id);
  const head = (p[0] ?? '').replace(/^QD/, 'QĐ').replace(/^D/, lang() === 'vi' ? 'Đ' : 'Art. ');
  return [head, ...p.slice(1)].join('.');
}
/** Long form as officials write it: "điểm b khoản 2 Điều 20". */
export function clauseLong(id: string): string {
  const p = clauseParts(id);
  if (!/^D\d+$/.test(p[0] ?? '')) return clauseShort(id);
  const words: string[] = [];
  if (p[2] && /^\D$/.test(p[2])) words.push(t('clause.point', { x: p[2] }));
  if (p[1] && p[1] !== '0') words.push(t('clause.paragraph', { x: p[1] }));
  words.push(t('clause.article', { x: p[0]!.slice(1) }));
  return words.join(' ');
}
