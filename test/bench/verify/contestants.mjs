import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { SECRET } from '../harness/event.mjs';
import { RIVALS } from '../rivals/verifiers.mjs';

const TOLERANCE_SECONDS = 300;
const keyBytes = Buffer.from(SECRET.slice('whsec_'.length), 'base64');

/** Nothing but the cryptography: the text to sign and the signature's bytes are there before. */
function floor() {
  const key = createSecretKey(keyBytes);
  return ({ body, signedPrefix, mac }) =>
    timingSafeEqual(createHmac('sha256', key).update(signedPrefix).update(body).digest(), mac);
}

/** What a careful person writes: headers, time, every `v1` signature, equal lengths. */
function byHand() {
  const key = createSecretKey(keyBytes);
  return ({ body, headers }) => {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signatures = headers['webhook-signature'];
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
      return false;
    }
    if (
      !/^\d{1,15}$/.test(timestamp) ||
      Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS
    ) {
      return false;
    }
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    return signatures.split(' ').some((part) => {
      const signature = part.startsWith('v1,') ? Buffer.from(part.slice(3), 'base64') : undefined;
      return signature?.length === mac.length && timingSafeEqual(mac, signature);
    });
  };
}

async function ours() {
  const { createWebhookVerifier } = await import('nestjs-scalekit-webhooks');
  const verifier = createWebhookVerifier({ secret: SECRET });
  return ({ body, headers }) => verifier.verify({ rawBody: body, headers });
}

export const FLOOR = 'createHmac(KeyObject) + timingSafeEqual';
export const OURS = 'nestjs-scalekit-webhooks';

export const CONTESTANTS = {
  [FLOOR]: { signature: 'standard', load: floor },
  [OURS]: { signature: 'standard', load: ours },
  'by hand, complete': { signature: 'standard', load: byHand },
  ...RIVALS,
};
