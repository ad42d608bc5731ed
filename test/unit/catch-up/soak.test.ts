import { itHandlesEveryEventOnce } from '../../support/soak/catch-up-soak.js';

itHandlesEveryEventOnce({ count: 100, seed: 17 });
