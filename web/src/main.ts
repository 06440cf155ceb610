import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/print.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { useLanguage } from './lib/i18n.svelte';
import { prefs } from './lib/prefs.svelte';

// Vietnamese is there at once; a chosen English is waited for, and does without when it cannot be fetched.
useLanguage(prefs.lang)
  .catch(() => undefined)
  .then(() => mount(App, { target: document.getElementById('app')! }));
