// The places of the console, in the order of the day.
import type { Key } from '../lib/i18n.svelte';
import type { IconName } from '../ui/Icon.svelte';

export type Place = { href: string; text: Key; icon: IconName };
export const places: Place[] = [
  { href: '/', text: 'place.today', icon: 'today' },
  { href: '/duties', text: 'place.duties', icon: 'duties' },
  { href: '/findings', text: 'place.findings', icon: 'findings' },
  { href: '/logs', text: 'place.logs', icon: 'logs' },
  { href: '/sources', text: 'place.sources', icon: 'sources' },
  { href: '/system', text: 'place.system', icon: 'system' },
];
export const inPlace = (place: Place, path: string): boolean =>
  place.href === '/' ? path === '/' : path === place.href || path.startsWith(`${place.href}/`);
