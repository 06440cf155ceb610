// Which page answers which address. Each page is its own file, fetched when first needed.
import type { Component } from 'svelte';
import { match } from './lib/router.svelte';

type PageModule = { default: Component<{ params: Record<string, string> }> };
type Route = { pattern: string; load: () => Promise<unknown> };

const routes: Route[] = [
  { pattern: '/', load: () => import('./pages/today/TodayPage.svelte') },
  { pattern: '/logs', load: () => import('./pages/logs/LogsPage.svelte') },
  { pattern: '/findings', load: () => import('./pages/findings/FindingsPage.svelte') },
  { pattern: '/findings/:id', load: () => import('./pages/findings/FindingPage.svelte') },
  { pattern: '/duties', load: () => import('./pages/duties/DutiesPage.svelte') },
  { pattern: '/duties/:id', load: () => import('./pages/duties/DutyPage.svelte') },
  { pattern: '/sources', load: () => import('./pages/sources/SourcesPage.svelte') },
  { pattern: '/system/:tab?', load: () => import('./pages/system/SystemPage.svelte') },
  { pattern: '/me', load: () => import('./pages/me/MePage.svelte') },
];
const missing: Route = { pattern: '', load: () => import('./pages/MissingPage.svelte') };

export function find(path: string): { pattern: string; params: Record<string, string>; load: () => Promise<PageModule> } {
  for (const route of routes) {
    const params = match(route.pattern, path);
    if (params) return { pattern: route.pattern, params, load: route.load as () => Promise<PageModule> };
  }
  return { pattern: '', params: {}, load: missing.load as () => Promise<PageModule> };
}
