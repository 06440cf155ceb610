// Text that somebody is writing survives a reload of the page; it ends with the browser window.
const PREFIX = 'khien.draft.';

export const draft = {
  read(key: string): string {
    try { return sessionStorage.getItem(PREFIX + key) ?? ''; } catch { return ''; }
  },
  keep(key: string, text: string) {
    try {
      if (text) sessionStorage.setItem(PREFIX + key, text);
      else sessionStorage.removeItem(PREFIX + key);
    } catch { /* not kept */ }
  },
};
