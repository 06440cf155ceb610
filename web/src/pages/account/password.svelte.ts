// The state of a password change: used at the forced change and on the page of the person.
import { post, Problem } from '../../lib/api';
import { t } from '../../lib/i18n.svelte';
import { RULES, strong, type Rule } from '../../lib/password';
import { problemText } from '../../lib/toasts.svelte';

const labels = { old: () => t('password.old'), next: () => t('password.new'), again: () => t('password.again') };

export class PasswordChange {
  old = $state('');
  next = $state('');
  again = $state('');
  errors = $state<{ old?: string; next?: string; again?: string }>({});
  busy = $state(false);

  #check(): boolean {
    this.errors = {};
    if (!this.old) this.errors.old = t('form.required');
    if (!strong(this.next)) this.errors.next = t('password.weak');
    if (this.next !== this.again) this.errors.again = t('password.differs');
    return Object.keys(this.errors).length === 0;
  }

  /** True when the node took the new password. */
  async send(): Promise<boolean> {
    if (!this.#check()) return false;
    this.busy = true;
    try {
      await post('/me/password', { old: this.old, new: this.next });
      this.old = this.next = this.again = '';
      return true;
    } catch (error) {
      const problem = error instanceof Problem ? error : null;
      if (problem?.code === 'bad_password') this.errors.old = t('password.old_wrong');
      else this.errors.next = problem?.code === 'password_weak' ? weakText(problem) : problemText(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  list(): { id: string; text: string }[] {
    return (['old', 'next', 'again'] as const).flatMap((name) =>
      this.errors[name] ? [{ id: `password-${name}`, text: `${labels[name]()}: ${this.errors[name]}` }] : []);
  }
}

export function weakText(problem: Problem): string {
  const missing = problem.more.missing ?? [];
  if (missing.includes('reused')) return t('password.reused');
  const rules = RULES.filter((rule: Rule) => missing.includes(rule)).map((rule) => t(`password.rule.${rule}`));
  return rules.length ? t('password.missing', { rules: rules.join(', ') }) : t('password.weak');
}
