// Who is signed in, and how the session ends: by the person, by idleness, by a second sign-in.
import { del, get, post, Problem, setCsrf, watchRequests } from './api';
import { live } from './live.svelte';
import { router } from './router.svelte';
import type { Captcha, Role, Session, SignedIn } from './types';

export type EndReason = 'idle' | 'replaced' | 'no_session' | '';

class SessionState {
  me = $state.raw<SignedIn | null>(null);
  captcha = $state.raw<Captcha | null>(null);
  setupNeeded = $state(false);
  ready = $state(false);
  /** Why the last session ended; the sign-in page tells it. */
  ended = $state<EndReason>('');

  constructor() {
    watchRequests({
      online: () => live.online(),
      offline: () => live.offline(),
      signedOut: (code) => this.leave(code as EndReason),
    });
  }

  /** Auditors read; everybody else may act (the node decides in the end). */
  get mayAct(): boolean {
    return this.me !== null && this.me.person.role !== 'auditor';
  }

  is(...roles: Role[]): boolean {
    return this.me !== null && roles.includes(this.me.person.role);
  }

  async start() {
    const setup = await get<{ needed: boolean }>('/setup');
    this.setupNeeded = setup.needed;
    if (!setup.needed) this.take(await get<Session>('/session'));
    this.ready = true;
  }

  take(answer: Session) {
    if (answer.signed_in) {
      this.me = answer;
      this.ended = '';
      setCsrf(answer.csrf);
    } else {
      this.me = null;
      this.captcha = answer.captcha;
    }
  }

  async refresh() {
    this.take(await get<Session>('/session'));
  }

  async signIn(body: { login: string; password: string; totp?: string; captcha?: { id: string; answer: string } }) {
    this.take(await post<Session>('/session', body));
  }

  async signOut(reason: EndReason = '') {
    await del('/session').catch((error) => {
      if (!(error instanceof Problem)) throw error;
    });
    this.leave(reason);
  }

  leave(reason: EndReason) {
    if (!this.me) return;
    this.me = null;
    this.ended = reason;
    setCsrf('');
    const back = location.pathname + location.search;
    router.go(back === '/' ? '/login' : `/login?next=${encodeURIComponent(back)}`, true);
  }
}
export const session = new SessionState();
