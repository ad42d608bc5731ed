import { closeSync, openSync, writeSync } from 'node:fs';
import { eventBody, hmac, SIGN, USUAL_HEADERS } from '../harness/event.mjs';

/** Where and how a sender delivers. */
export const SENDERS = {
  scalekit: { path: '/webhooks/scalekit', sign: SIGN.standard },
  forger: {
    path: '/webhooks/scalekit',
    sign: (body, id) => ({
      ...SIGN.standard(body, id),
      'webhook-signature': `v1,${hmac('a guess', body, 'base64')}`,
    }),
  },
  overview: { path: '/webhooks/scalekit', sign: SIGN.overview },
  stripe: { path: '/stripe/webhook', sign: SIGN.stripe, fields: { object: 'event', livemode: true } },
};

const BODY_BYTES = 700;

/**
 * Writes whole requests, signed now, each with an id of its own and all of one length.
 *
 * @returns the length of each
 */
export function writeDeliveries(file, sender, count) {
  const { path, sign, fields } = SENDERS[sender];
  const descriptor = openSync(file, 'w');
  let length = 0;
  try {
    for (let index = 0; index < count; index++) {
      const { id, body } = eventBody(index, BODY_BYTES, fields);
      const headers = { ...USUAL_HEADERS, 'content-length': body.length, ...sign(body, id) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const request = `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
      if (length !== 0 && request.length !== length) {
        throw new Error('The deliveries differ in length.');
      }
      length = request.length;
      writeSync(descriptor, request, null, 'latin1');
    }
  } finally {
    closeSync(descriptor);
  }
  return length;
}
