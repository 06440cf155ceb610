// The time range of the log page: a preset counted back from now, or two fixed moments.
export const PRESETS = ['15m', '1h', '24h', '7d', '30d'] as const;
export type Preset = (typeof PRESETS)[number];
export type Range = { from: number; to: number; preset: Preset | null };

const UNIT_MS = { m: 60_000, h: 3600_000, d: 86_400_000 };
const isPreset = (text: string): text is Preset => (PRESETS as readonly string[]).includes(text);
const span = (preset: Preset) => parseInt(preset) * UNIT_MS[preset.slice(-1) as 'm' | 'h' | 'd'];

/** Reads the range of the address; anything unreadable is the last 24 hours. */
export function rangeOf(from: string, to: string, now: number): Range {
  const a = Date.parse(from);
  const b = Date.parse(to);
  if (a < b) return { from: a, to: b, preset: null };
  const preset = isPreset(from) ? from : '24h';
  return { from: now - span(preset), to: now, preset };
}
