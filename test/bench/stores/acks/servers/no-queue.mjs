import { startByHand } from './by-hand.mjs';

/** What none can be faster than on this platform: a route that verifies, and forgets. */
export async function guardAlone() {
  let received = 0;
  const port = await startByHand(async () => {
    received++;
  });
  return { port, count: () => received };
}
