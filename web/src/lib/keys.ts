// Keys of the whole console. Nothing fires while somebody types or composes a Vietnamese letter.
export type Shortcuts = { palette(): void; help(): void };

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

const press = (selector: string) => {
  const near = document.activeElement?.closest('[data-item]')?.querySelector<HTMLElement>(selector);
  (near ?? document.querySelector<HTMLElement>(`main ${selector}`))?.click();
};

export function listen(does: Shortcuts): () => void {
  const down = (event: KeyboardEvent) => {
    if (event.isComposing || event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      does.palette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === '/') {
      const box = document.querySelector<HTMLElement>('main [data-search]');
      event.preventDefault();
      if (box) box.focus();
      else does.palette();
    } else if (event.key === '?') does.help();
    else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else if (event.key === 'a') press('[data-ack]');
  };
  window.addEventListener('keydown', down);
  return () => window.removeEventListener('keydown', down);
}

/** Calls `changed` with what was typed, some time after the last letter and never inside a composition. */
export function typed(node: HTMLInputElement, changed: (text: string) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tell = changed;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => tell(node.value), 250);
  };
  const input = (event: Event) => {
    if (!(event as InputEvent).isComposing) later();
  };
  node.addEventListener('input', input);
  node.addEventListener('compositionend', later);
  return {
    update(next: (text: string) => void) { tell = next; },
    destroy() {
      clearTimeout(timer);
      node.removeEventListener('input', input);
      node.removeEventListener('compositionend', later);
    },
  };
}
