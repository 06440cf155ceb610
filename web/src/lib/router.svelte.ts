// A tiny router: path patterns with :names, the query string as the state of a list, links caught once.
class Router {
  path = $state(location.pathname);
  search = $state.raw(new URLSearchParams(location.search));
  /** Grows with every move to another page; pages reset focus and scroll by it. */
  moves = $state(0);

  constructor() {
    window.addEventListener('popstate', () => this.#read(true));
    document.addEventListener('click', (event) => this.#click(event));
  }

  #read(moved: boolean) {
    if (moved && this.path !== location.pathname) this.moves++;
    this.path = location.pathname;
    this.search = new URLSearchParams(location.search);
  }

  #click(event: MouseEvent) {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null;
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.pathname.startsWith('/api/')) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }

  go(href: string, replace = false) {
    if (replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    this.#read(true);
  }

  /** Changes parts of the query string; empty values leave it. */
  query(patch: Record<string, string | null>, replace = true) {
    const next = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(patch)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    const text = next.toString();
    this.go(location.pathname + (text ? `?${text}` : ''), replace);
  }

  param(name: string): string {
    return this.search.get(name) ?? '';
  }
}
export const router = new Router();

/** Matches "/findings/:id" against a path ("/system/:tab?" also without the last part); null when it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split('/');
  const have = path.replace(/\/$/, '').split('/');
  if (path === '/') have.splice(0, have.length, '', '');
  if (pattern.endsWith('?') && have.length === want.length - 1) want.pop();
  if (want.length !== have.length) return null;
  const params: Record<string, string> = {};
  for (let i = 0; i < want.length; i++) {
    const w = want[i]!;
    const h = have[i]!;
    if (w.startsWith(':')) params[w.replace(/^:|\?$/g, '')] = decodeURIComponent(h);
    else if (w !== h) return null;
  }
  return params;
}
