// Requests to the node. Every failure is a Problem whose `code` the message files translate.
import type { Captcha } from './types';

const BASE = '/api/v1';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly more: {
      field?: string; retry_after?: number; missing?: string[]; captcha?: Captcha; detail?: string;
    } = {},
  ) {
    super(code);
  }
}

type Query = Record<string, string | number | null | undefined>;
type Options = {
  signal?: AbortSignal;
  /** Asked by the page itself, not by a person: does not count as activity. */
  background?: boolean;
};
type Watcher = { online(): void; offline(): void; signedOut(code: string): void };

let csrf = '';
let watcher: Watcher | null = null;
export const setCsrf = (value: string) => { csrf = value; };
export const watchRequests = (w: Watcher) => { watcher = w; };

export function address(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  const text = params.toString();
  return BASE + path + (text ? `?${text}` : '');
}

const SIGNED_OUT = new Set(['no_session', 'idle', 'replaced']);

async function problemOf(answer: Response): Promise<Problem> {
  const body = await answer.json().catch(() => ({}));
  const code = typeof body.code === 'string' ? body.code : 'internal';
  return new Problem(answer.status, code, body);
}

async function request<T>(method: string, url: string, body: unknown, options: Options): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-Khien-CSRF'] = csrf;
  if (options.background) headers['X-Khien-Background'] = '1';
  let answer: Response;
  try {
    answer = await fetch(url, {
      method, headers, signal: options.signal, credentials: 'same-origin', cache: 'no-store',
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    watcher?.offline();
    throw new Problem(0, 'offline');
  }
  watcher?.online();
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401 && SIGNED_OUT.has(problem.code)) watcher?.signedOut(problem.code);
    throw problem;
  }
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

export const get = <T>(path: string, query?: Query, options: Options = {}) =>
  request<T>('GET', address(path, query), undefined, options);
export const post = <T>(path: string, body: unknown = {}, options: Options = {}) =>
  request<T>('POST', address(path), body, options);
export const del = <T>(path: string) => request<T>('DELETE', address(path), undefined, {});
