import { randomInt } from 'node:crypto';
import { itHoldsForSettings } from '../support/settings/check-settings.js';

const { SETTINGS_COUNT = 3_000, SETTINGS_SEED = randomInt(2 ** 31) } = process.env;
itHoldsForSettings({ count: Number(SETTINGS_COUNT), seed: Number(SETTINGS_SEED) });
