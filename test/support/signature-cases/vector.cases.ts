import { accepts, rejects, type SignatureCase } from './signature-case.js';

/** The vector that the Standard Webhooks libraries and Svix test with. */
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  rawBody: '{"test": 2432232314}',
  now: new Date(1_614_265_330_000),
};
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const TIMESTAMP = '1614265330';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

/** Written down, not computed: the others below come from `openssl dgst -sha256 -hmac`. */
export const vectorCases: readonly SignatureCase[] = [
  accepts('S4', 'standard', 'the published vector of Standard Webhooks', {
    ...published,
    headers: { 'webhook-id': ID, 'webhook-timestamp': TIMESTAMP, 'webhook-signature': SIGNATURE },
  }),
  accepts('S2', 'standard', 'the published vector of Svix', {
    ...published,
    headers: { 'svix-id': ID, 'svix-timestamp': TIMESTAMP, 'svix-signature': SIGNATURE },
  }),
  accepts('S9', 'standard', 'the published vector without whsec_', {
    ...published,
    secret: published.secret.slice('whsec_'.length),
    headers: { 'webhook-id': ID, 'webhook-timestamp': TIMESTAMP, 'webhook-signature': SIGNATURE },
  }),
  rejects('S8', 'signature_mismatch', 'the published vector with its body serialised again', {
    ...published,
    rawBody: '{"test":2432232314}',
    headers: { 'webhook-id': ID, 'webhook-timestamp': TIMESTAMP, 'webhook-signature': SIGNATURE },
  }),
  accepts('S6', 'timestamped', 'the same body signed by openssl as timestamped', {
    ...published,
    headers: {
      'scalekit-signature': `t=${TIMESTAMP},v1=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964`,
    },
  }),
  accepts('S7', 'digest', 'the same body signed by openssl as digest', {
    ...published,
    headers: { 'x-scalekit-signature': '80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c' },
  }),
];
