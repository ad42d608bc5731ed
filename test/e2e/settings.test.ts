import { itHoldsForSettings } from '../support/settings/check-settings.js';

/** `npm run fuzz` tries thousands, of another seed each time. */
itHoldsForSettings({
  count: Number(process.env.SETTINGS_COUNT ?? 300),
  seed: Number(process.env.SETTINGS_SEED ?? 12),
});
