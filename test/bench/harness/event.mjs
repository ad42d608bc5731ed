import { createHmac } from 'node:crypto';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const EVENT_TYPE = 'organization.directory.user_created';
const KEY = Buffer.from(SECRET.slice('whsec_'.length), 'base64');

/** An event of the given length in bytes, in ASCII. Its id is as long for every index. */
export function eventBody(index, bytes, fields = {}) {
  const id = `evt_${String(index).padStart(12, '0')}`;
  const event = {
    spec_version: '1',
    id,
    type: EVENT_TYPE,
    object: 'DirectoryUser',
    occurred_at: '2026-01-15T10:30:00.123456789Z',
    environment_id: 'env_53814739859406915',
    organization_id: 'org_53879494091473415',
    data: {
      active: true,
      id: 'diruser_53891546960887884',
      organization_id: 'org_53879494091473415',
      email: 'ada.lovelace@example.com',
      given_name: 'Ada',
      family_name: 'Lovelace',
      preferred_username: 'ada.lovelace',
      groups: [{ id: 'dirgroup_53891546994442316', name: 'Engineering' }],
      custom_attributes: { note: '' },
    },
    ...fields,
  };
  const filler = bytes - JSON.stringify(event).length;
  event.data.custom_attributes.note = 'lorem ipsum '.repeat(Math.ceil(filler / 12)).slice(0, filler);
  return { id, body: JSON.stringify(event) };
}

export const hmac = (key, text, encoding) => createHmac('sha256', key).update(text).digest(encoding);

const now = () => Math.floor(Date.now() / 1_000);

/** How each sender signs a body. */
export const SIGN = {
  standard: (body, id) => {
    const timestamp = now();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${hmac(KEY, `${id}.${timestamp}.${body}`, 'base64')}`,
    };
  },
  overview: (body) => ({ 'x-scalekit-signature': hmac(SECRET, body, 'hex') }),
  github: (body) => ({ 'x-hub-signature-256': `sha256=${hmac(SECRET, body, 'hex')}` }),
  stripe: (body) => {
    const timestamp = now();
    return { 'stripe-signature': `t=${timestamp},v1=${hmac(SECRET, `${timestamp}.${body}`, 'hex')}` };
  },
};

/** What a sender's HTTP library adds. */
export const USUAL_HEADERS = {
  host: 'app.example.com',
  'user-agent': 'Svix-Webhooks/1.62.0',
  accept: '*/*',
  'accept-encoding': 'gzip',
  'content-type': 'application/json',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-request-id': '7b0d1a2c4e5f60718293a4b5c6d7e8f9',
};
