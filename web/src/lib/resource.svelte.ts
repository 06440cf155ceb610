// One answer of the node with its loading and failure states; an older answer never overwrites a newer one.
import { Problem } from './api';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(false);
  #turn = 0;
  #abort: AbortController | null = null;

  async load(ask: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    const turn = ++this.#turn;
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.loading = true;
    try {
      const data = await ask(this.#abort.signal);
      if (turn !== this.#turn) return null;
      this.data = data;
      this.problem = null;
      return data;
    } catch (error) {
      if (turn === this.#turn && (error as Error).name !== 'AbortError')
        this.problem = error instanceof Problem ? error : new Problem(0, 'internal');
      return null;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  stop() {
    this.#turn++;
    this.#abort?.abort();
  }
}
