// The set-up wizard: what was typed is kept on this screen until it ends (passwords never leave the memory).
import { get, post, Problem } from '../../lib/api';
import { t } from '../../lib/i18n.svelte';
import { strong } from '../../lib/password';
import { session } from '../../lib/session.svelte';
import { problemText } from '../../lib/toasts.svelte';
import type { SetupState, TotpOffer } from '../../lib/types';
import { weakText } from '../account/password.svelte';
import { confirmTotp } from '../account/TotpSetup.svelte';

export const STEPS = ['code', 'agency', 'officer', 'totp'] as const;
export type Step = (typeof STEPS)[number];
export type FieldName =
  'code' | 'orgName' | 'orgCode' | 'orgAddress' | 'name' | 'phone' | 'login' | 'password' | 'again' | 'totp';

const stepFields: Record<Step, FieldName[]> = {
  code: ['code'],
  agency: ['orgName', 'orgCode', 'orgAddress'],
  officer: ['name', 'phone', 'login', 'password', 'again'],
  totp: ['totp'],
};
/** Fields that the node names in a refusal. */
const nodeFields: Record<string, FieldName> = {
  code: 'code', 'org.name': 'orgName', 'org.code': 'orgCode', 'org.address': 'orgAddress',
  name: 'name', phone: 'phone', login: 'login', password: 'password',
};
const label = (name: FieldName) => (name === 'totp' ? t('totp.code') : t(`setup.${name}`));
/** The code is shown in groups; how it is typed does not matter. */
const bareCode = (text: string) => text.replace(/[\s-]/g, '').toUpperCase();
const DRAFT = 'khien.setup';
const KEPT: FieldName[] = ['orgName', 'orgCode', 'orgAddress', 'name', 'phone', 'login'];

export class Setup {
  info = $state.raw<SetupState | null>(null);
  step = $state<Step>('code');
  values = $state<Record<FieldName, string>>({
    code: '', orgName: '', orgCode: '', orgAddress: '', name: '', phone: '', login: '', password: '', again: '', totp: '',
  });
  errors = $state<Partial<Record<FieldName, string>>>({});
  general = $state('');
  offer = $state.raw<TotpOffer | null>(null);
  busy = $state(false);

  constructor() {
    get<SetupState>('/setup').then((info) => { this.info = info; }, (error) => { this.general = problemText(error); });
    try {
      Object.assign(this.values, JSON.parse(sessionStorage.getItem(DRAFT) ?? '{}'));
    } catch { /* no draft */ }
  }

  get number() { return STEPS.indexOf(this.step) + 1; }

  #keep() {
    try {
      sessionStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(KEPT.map((name) => [name, this.values[name]]))));
    } catch { /* not kept */ }
  }

  #check(): boolean {
    const v = this.values;
    const errors: Partial<Record<FieldName, string>> = {};
    const need = (name: FieldName) => { if (!v[name].trim()) errors[name] = t('form.required'); };
    if (this.step === 'code' && !/^[A-Z0-9]{12}$/i.test(bareCode(v.code))) errors.code = t('setup.code_form');
    if (this.step === 'agency') stepFields.agency.forEach(need);
    if (this.step === 'officer') {
      (['name', 'phone', 'login'] as const).forEach(need);
      if (v.phone && !/^[+\d][\d .]{7,14}$/.test(v.phone.trim())) errors.phone = t('setup.phone_form');
      if (v.login && !/^[a-z0-9][a-z0-9._-]{2,31}$/.test(v.login.trim())) errors.login = t('setup.login_form');
      if (!strong(v.password)) errors.password = t('password.weak');
      if (v.password !== v.again) errors.again = t('password.differs');
    }
    this.errors = errors;
    return Object.keys(errors).length === 0;
  }

  list(): { id: string; text: string }[] {
    const named = stepFields[this.step].flatMap((name) =>
      this.errors[name] ? [{ id: `setup-${name}`, text: `${label(name)}: ${this.errors[name]}` }] : []);
    return this.general ? [{ id: 'setup-code', text: this.general }, ...named] : named;
  }

  async next() {
    this.general = '';
    if (!this.#check()) return;
    this.#keep();
    if (this.step === 'code') this.step = 'agency';
    else if (this.step === 'agency') this.step = 'officer';
    else if (this.step === 'officer') await this.#create();
    else await this.#finish();
  }

  back() {
    this.errors = {};
    this.general = '';
    this.step = STEPS[Math.max(0, this.number - 2)]!;
  }

  async #create() {
    const v = this.values;
    this.busy = true;
    try {
      const made = await post<{ totp: TotpOffer }>('/setup', {
        code: bareCode(v.code), role: 'agency', name: v.name.trim(), phone: v.phone.trim(), login: v.login.trim(),
        password: v.password, org: { name: v.orgName.trim(), code: v.orgCode.trim(), address: v.orgAddress.trim() },
      });
      this.offer = made.totp;
      v.password = v.again = '';
      sessionStorage.removeItem(DRAFT);
      await session.refresh();
      this.step = 'totp';
    } catch (error) {
      this.#refused(error);
    } finally {
      this.busy = false;
    }
  }

  #refused(error: unknown) {
    const problem = error instanceof Problem ? error : null;
    const field = problem?.code === 'bad_code' ? 'code' : nodeFields[problem?.more.field ?? ''];
    if (!problem || !field) {
      this.general = problemText(error);
      return;
    }
    this.step = STEPS.find((step) => stepFields[step].includes(field))!;
    this.errors = { [field]: problem.code === 'password_weak' ? weakText(problem) : problemText(problem) };
  }

  async #finish() {
    this.busy = true;
    const error = await confirmTotp(this.values.totp);
    this.busy = false;
    if (error) this.errors = { totp: error };
    else this.leave();
  }

  leave() {
    session.setupNeeded = false;
  }
}
