import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { GivenSecret } from '../input/secret.js';
import { UTF16_CURE } from '../input/utf16.js';
import { type Candidate, type Fault, asGiven } from './fault.js';
import { textRepairs } from './secret-repairs.js';

const PREFIX = /^(?:whsec_)+/;

/**
 * The keys that the sender may have signed with, if the secret is what became of the right one: as S9 has it, then
 * with the slips of copying undone, then read in another encoding; then the same of the other secrets given.
 */
export function keyCandidates(
  [secret, ...others]: readonly GivenSecret[],
  scheme: WebhookScheme,
): Candidate<Buffer>[] {
  const candidates = new Map<string, Candidate<Buffer>>();
  const add = ({ value, faults }: Candidate<Buffer>) => {
    const key = value.toString('latin1');
    const known = candidates.get(key);
    if (value.length > 0 && (!known || known.faults.length > faults.length)) {
      candidates.set(key, { value, faults });
    }
  };
  if (secret) {
    keysOf(secret, scheme).forEach(add);
  }
  for (const other of others) {
    const fault: Fault = {
      cause: 'wrong_secret',
      message: `The secret is another one: the delivery is signed with that of ${other.from}, not with that of ${secret?.from ?? ''}.`,
      remedy:
        'Give your app the signing secret of this endpoint, and while a secret is rotated both of them.',
    };
    keysOf(other, scheme).forEach(({ value, faults }) => add({ value, faults: [fault, ...faults] }));
  }
  return [...candidates.values()];
}

export const UTF16_SECRET: Fault = {
  cause: 'secret_encoding',
  message: 'The secret file is UTF-16, so an app that reads UTF-8 gets another secret.',
  remedy: UTF16_CURE,
};

function keysOf({ value: secret, isUtf16 = false }: GivenSecret, scheme: WebhookScheme): Candidate<Buffer>[] {
  const encoding = isUtf16 ? [UTF16_SECRET] : [];
  return [asGiven(secret), ...textRepairs(secret)].flatMap(({ value, faults }) =>
    encodings(value, scheme).map((key) => ({
      value: key.value,
      faults: [...encoding, ...faults, ...key.faults],
    })),
  );
}

function encodings(secret: string, scheme: WebhookScheme): Candidate<Buffer>[] {
  const text = Buffer.from(secret, 'utf8');
  const core = secret.replace(PREFIX, '');
  const bare = Buffer.from(core, 'utf8');
  const base64 = Buffer.from(core, 'base64');
  const isBase64 = /^[\w+/-]+={0,2}$/.test(core);
  const hex = /^(?:[0-9a-f]{2})+$/i.test(core)
    ? [odd("the bytes that the secret's hex digits spell", Buffer.from(core, 'hex'))]
    : [];
  if (scheme === 'standard') {
    return [
      ...(/^[A-Za-z0-9+/]+={0,2}$/.test(secret.replace(/^whsec_/, '')) ? [asGiven(base64)] : []),
      ...(isBase64 && /[-_]/.test(core) ? [odd('the secret read as base64url', base64)] : []),
      odd("the secret's own text, not its base64 decoded", text),
      odd("the secret's own text without whsec_, not its base64 decoded", bare),
      ...hex,
    ];
  }
  return [
    asGiven(text),
    prefixed('with whsec_ before it', Buffer.from(`whsec_${core}`, 'utf8')),
    prefixed('without whsec_', bare),
    ...(isBase64 ? [odd("the bytes that the secret's base64 spells, not its text", base64)] : []),
    ...hex,
  ];
}

function odd(key: string, value: Buffer): Candidate<Buffer> {
  const fault: Fault = {
    cause: 'secret_encoding',
    message: `The secret is read in another way than the sender reads it. The key that signed is ${key}.`,
    remedy:
      'Make the key the same way: standard decodes the base64 after whsec_, the other schemes use the whole text.',
  };
  return { value, faults: [fault] };
}

function prefixed(how: string, value: Buffer): Candidate<Buffer> {
  const fault: Fault = {
    cause: 'secret_prefix',
    message: `The secret is written otherwise than the sender has it: the delivery is signed with it ${how}.`,
    remedy: 'Copy the secret from the dashboard as it is shown, whsec_ included.',
  };
  return { value, faults: [fault] };
}
