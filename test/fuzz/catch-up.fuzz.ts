import { randomInt } from 'node:crypto';
import { itHandlesEveryEventOnce } from '../support/soak/catch-up-soak.js';

const { CATCH_UP_COUNT = 1_000, CATCH_UP_SEED = randomInt(2 ** 31) } = process.env;
itHandlesEveryEventOnce({ count: Number(CATCH_UP_COUNT), seed: Number(CATCH_UP_SEED) });
