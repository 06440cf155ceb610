// The clock of the page, the state of the line to the node, and polling with back-off.
import { untrack } from 'svelte';

class Live {
  /** Ticks every ten seconds: enough for "còn 7 giờ 12 phút". */
  now = $state(Date.now());
  /** Since when the node does not answer; null while it does. */
  offlineSince = $state<number | null>(null);
  lastAnswer = $state(Date.now());

  constructor() {
    setInterval(() => { this.now = Date.now(); }, 10_000);
    window.addEventListener('offline', () => this.offline());
  }
  online() {
    this.offlineSince = null;
    this.lastAnswer = Date.now();
  }
  offline() {
    this.offlineSince ??= Date.now();
  }
}
export const live = new Live();

const MAX_WAIT_MS = 60_000;

/** Calls `task` now and then every `every` ms while the page is seen; waits longer after failures. Returns the stop. */
export function poll(task: () => Promise<unknown>, every: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let wait = every;
  const round = async () => {
    if (!document.hidden) {
      try {
        await untrack(task);
        wait = every;
      } catch {
        wait = Math.min(wait * 2, MAX_WAIT_MS);
      }
    }
    if (!stopped) timer = setTimeout(round, wait);
  };
  const seen = () => {
    if (document.hidden || stopped) return;
    clearTimeout(timer);
    void round();
  };
  document.addEventListener('visibilitychange', seen);
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
