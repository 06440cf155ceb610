// Ends the session after idle_s without a person's activity (điểm c khoản 6 Điều 15), with a warning before.
import { get } from './api';
import { session } from './session.svelte';

const WARN_S = 60;
const KEEP_ALIVE_MS = 60_000;

class Idle {
  /** Seconds until the session ends; null while there is no need to warn. */
  left = $state<number | null>(null);
  #last = Date.now();
  #told = Date.now();

  /** Watches until the returned function is called. */
  watch(): () => void {
    this.#last = this.#told = Date.now();
    this.left = null;
    const seen = () => this.#seen();
    const kinds = ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const;
    for (const kind of kinds) window.addEventListener(kind, seen, { passive: true });
    const timer = setInterval(() => this.#tick(), 1000);
    return () => {
      clearInterval(timer);
      for (const kind of kinds) window.removeEventListener(kind, seen);
      this.left = null;
    };
  }

  /** A person pressed "stay": the node hears of it at once. */
  stay() {
    this.#last = Date.now();
    this.left = null;
    this.#tell();
  }

  #seen() {
    if (this.left !== null) return;
    this.#last = Date.now();
    if (this.#last - this.#told > KEEP_ALIVE_MS) this.#tell();
  }

  #tell() {
    this.#told = Date.now();
    get('/session').catch(() => undefined);
  }

  #tick() {
    const limit = session.me?.idle_s;
    if (!limit) return;
    const left = limit - Math.floor((Date.now() - this.#last) / 1000);
    if (left <= 0) void session.signOut('idle');
    else this.left = left <= WARN_S ? left : null;
  }
}
export const idle = new Idle();
