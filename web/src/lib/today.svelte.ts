// The page of today is also the source of the counts beside the places and of the sentence about completeness.
import { get } from './api';
import { poll } from './live.svelte';
import { Resource } from './resource.svelte';
import type { Today } from './types';

const EVERY_MS = 30_000;

class TodayState extends Resource<Today> {
  refresh(background = false) {
    return this.load((signal) => get<Today>('/today', undefined, { signal, background }));
  }
  watch(): () => void {
    let first = true;
    return poll(async () => {
      await this.refresh(!first);
      first = false;
      if (this.problem) throw this.problem;
    }, EVERY_MS);
  }
}
export const today = new TodayState();
