// One contestant at one size: verifies a pool of deliveries, and says what a verification cost.
import { eventBody, SIGN, USUAL_HEADERS } from '../harness/event.mjs';
import { serve } from '../harness/child.mjs';
import { CONTESTANTS } from './contestants.mjs';

const POOL = 64;

function aDelivery(signature, index, bytes) {
  const { id, body } = eventBody(index, bytes);
  const signed = SIGN[signature](body, id);
  const headers = { ...USUAL_HEADERS, 'content-length': String(bytes), ...signed };
  const [, base64 = ''] = (signed['webhook-signature'] ?? '').split(',');
  return {
    body: Buffer.from(body),
    headers,
    signedPrefix: `${id}.${signed['webhook-timestamp']}.`,
    mac: Buffer.from(base64, 'base64'),
  };
}

/** The processor's time, which other processes of the machine disturb less than the clock's. */
async function verifyFor(milliseconds, verify, deliveries) {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let calls = 0;
  do {
    for (const delivery of deliveries) {
      const result = verify(delivery);
      if (result instanceof Promise) {
        await result;
      }
    }
    calls += deliveries.length;
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function requireHonest(verify, delivery) {
  const forged = { ...delivery, body: Buffer.from(delivery.body) };
  forged.body[forged.body.length - 3] ^= 1;
  const accepts = async (candidate) => {
    try {
      return (await verify(candidate)) !== false;
    } catch {
      return false;
    }
  };
  if (!(await accepts(delivery)) || (await accepts(forged))) {
    throw new Error('It refuses a good delivery, or accepts a forged one.');
  }
}

await serve(async (name, bytes) => {
  const { signature, load } = CONTESTANTS[name];
  const verify = await load();
  const deliveries = Array.from({ length: POOL }, (_, index) => aDelivery(signature, index, Number(bytes)));
  await requireHonest(verify, deliveries[0]);
  return { onQuestion: (milliseconds) => verifyFor(milliseconds, verify, deliveries) };
});
