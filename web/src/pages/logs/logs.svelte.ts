// What the log page shows: rows or a table, the histogram, how it was cut, and the live tail.
import { address, get, Problem } from '../../lib/api';
import { Resource } from '../../lib/resource.svelte';
import { conditions } from './query';
import type { Cut, Histogram, LogEvent, SearchResult, SearchStats } from '../../lib/types';
import type { Range } from './range';

const PAGE = 200;
const TAIL_KEPT = 2000;
const BACKOFF_MAX_MS = 30_000;

export class Logs {
  rows = $state.raw<LogEvent[]>([]);
  stats = $state.raw<SearchStats | null>(null);
  cut = $state.raw<Cut>(null);
  took = $state<{ scanned: number; ms: number } | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  next = $state<string | null>(null);
  histogram = new Resource<Histogram>();
  #turn = 0;
  #query: Record<string, string | number> = {};

  async search(q: string, range: Range) {
    const turn = ++this.#turn;
    this.busy = true;
    const span = { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
    this.#query = { q, ...span, limit: PAGE };
    void this.histogram.load((signal) => get<Histogram>('/histogram', { q: conditions(q), ...span, buckets: 60 }, { signal }));
    try {
      const found = await get<SearchResult>('/search', this.#query);
      if (turn !== this.#turn) return;
      this.problem = null;
      this.cut = found.cut;
      if ('columns' in found) {
        this.stats = found;
        this.rows = [];
        this.next = null;
        this.took = null;
      } else {
        this.stats = null;
        this.rows = found.items;
        this.next = found.next;
        this.took = { scanned: found.scanned, ms: found.took_ms };
      }
    } catch (error) {
      if (turn === this.#turn) this.problem = error instanceof Problem ? error : new Problem(0, 'internal');
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** The next page of rows, when the list is scrolled near its end. */
  async more() {
    if (!this.next || this.busy) return;
    const turn = this.#turn;
    this.busy = true;
    try {
      const found = await get<SearchResult>('/search', { ...this.#query, cursor: this.next });
      if (turn !== this.#turn || 'columns' in found) return;
      this.rows = [...this.rows, ...found.items];
      this.next = found.next;
      this.cut = found.cut ?? this.cut;
    } catch (error) {
      if (turn === this.#turn) this.problem = error instanceof Problem ? error : new Problem(0, 'internal');
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** Rows as they arrive; paused rows are counted and shown when it goes on. */
export class Tail {
  rows = $state.raw<LogEvent[]>([]);
  waiting = $state(0);
  dropped = $state(0);
  paused = $state(false);
  connected = $state(false);
  #held: LogEvent[] = [];
  #stream: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = 1000;
  #frame = 0;

  start(q: string) {
    this.stop();
    this.rows = [];
    this.#held = [];
    this.waiting = this.dropped = 0;
    this.#open(q);
  }

  #open(q: string) {
    const stream = new EventSource(address('/tail', { q }));
    this.#stream = stream;
    stream.onopen = () => {
      this.connected = true;
      this.#wait = 1000;
    };
    stream.addEventListener('log', (event) => this.#take(JSON.parse((event as MessageEvent).data)));
    stream.addEventListener('dropped', (event) => { this.dropped += JSON.parse((event as MessageEvent).data).n; });
    stream.onerror = () => {
      stream.close();
      this.connected = false;
      this.#timer = setTimeout(() => this.#open(q), this.#wait);
      this.#wait = Math.min(this.#wait * 2, BACKOFF_MAX_MS);
    };
  }

  #take(event: LogEvent) {
    this.#held.unshift(event);
    if (this.#held.length > TAIL_KEPT) this.#held.length = TAIL_KEPT;
    if (this.paused) this.waiting = this.#held.length;
    else this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#frame = 0;
    if (this.paused) return;
    this.rows = [...this.#held, ...this.rows].slice(0, TAIL_KEPT);
    this.#held = [];
    this.waiting = 0;
  }

  toggle() {
    this.paused = !this.paused;
    if (!this.paused) this.#flush();
  }

  stop() {
    this.#stream?.close();
    this.#stream = null;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.connected = this.paused = false;
  }
}
