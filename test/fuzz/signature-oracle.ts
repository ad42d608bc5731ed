import { createHmac } from 'node:crypto';
import type { WebhookScheme } from '../../lib/signature/webhook-scheme.js';

export interface FuzzedDelivery {
  readonly rawBody: Uint8Array | string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly secret: readonly string[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
  readonly now: Date;
}

/**
 * The rules once more, slowly and otherwise written than in lib: lists are split, texts are matched whole, MACs are
 * compared as texts, times are BigInts.
 *
 * @returns the scheme under which the delivery is good, or undefined
 */
export function judge(delivery: FuzzedDelivery): WebhookScheme | undefined {
  if (stopsAtBoot(delivery)) {
    return undefined;
  }
  const headers = readHeaders(delivery);
  const format = headers.get('webhook-signature')?.text.startsWith('t=') ? 'timestamped' : 'standard';
  const webhookSpeaksFor = headers.has('webhook-signature') && delivery.schemes.includes(format) && format;
  const present: Record<WebhookScheme, string | undefined> = {
    standard:
      webhookSpeaksFor === 'standard'
        ? 'webhook'
        : webhookSpeaksFor !== 'timestamped' && headers.has('svix-signature')
          ? 'svix'
          : undefined,
    timestamped: headers.has('scalekit-signature')
      ? 'scalekit-signature'
      : webhookSpeaksFor === 'timestamped'
        ? 'webhook-signature'
        : undefined,
    digest: headers.has('x-scalekit-signature') ? 'x-scalekit-signature' : undefined,
  };
  const strongest = (['standard', 'timestamped', 'digest'] as const).find(
    (scheme) => delivery.schemes.includes(scheme) && present[scheme] !== undefined,
  );
  const name = strongest && present[strongest];
  if (!strongest || !name) {
    return undefined;
  }
  const isGood = { standard: isStandard, timestamped: isTimestamped, digest: isDigest }[strongest];
  return isGood(delivery, headers, name) ? strongest : undefined;
}

function stopsAtBoot({ schemes, secret }: FuzzedDelivery): boolean {
  return schemes.every((scheme) => scheme === 'standard' && secret.some((each) => !standardKey(each)));
}

type Headers = ReadonlyMap<string, { readonly text: string; readonly isOne: boolean }>;

function readHeaders({ headers }: FuzzedDelivery): Headers {
  const all = new Map<string, { text: string; isOne: boolean }>();
  for (const [name, value] of Object.entries(headers)) {
    const values = value === undefined ? [] : [value].flat();
    const lowerCase = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    for (const text of values) {
      const before = all.get(lowerCase);
      all.set(lowerCase, before ? { text: before.text, isOne: false } : { text, isOne: true });
    }
  }
  return all;
}

function one(headers: Headers, name: string): string | undefined {
  const header = headers.get(name);
  return header?.isOne ? header.text : undefined;
}

function isStandard(delivery: FuzzedDelivery, headers: Headers, prefix: string): boolean {
  const [id, time, list] = ['id', 'timestamp', 'signature'].map((part) => one(headers, `${prefix}-${part}`));
  if (!id || time === undefined || list === undefined || !isTimely(delivery, time)) {
    return false;
  }
  const good = delivery.secret
    .map(standardKey)
    .filter((key) => key !== undefined)
    .map((key) => `v1,${mac(key, [id, '.', time, '.', delivery.rawBody]).toString('base64')}`);
  const wellFormed = list.split(' ').filter((token) => {
    const [, base64] = /^v1,([^,]{44})$/s.exec(token) ?? [];
    return (
      base64 !== undefined &&
      Buffer.from(base64, 'base64').toString('base64') === base64 &&
      /[^=]=$/.test(base64)
    );
  });
  return wellFormed.slice(0, 100).some((token) => good.includes(token));
}

function isTimestamped(delivery: FuzzedDelivery, headers: Headers, name: string): boolean {
  const parts = one(headers, name)?.split(',') ?? [];
  const times = parts.filter((part) => part.startsWith('t=')).map((part) => part.slice(2));
  const [time] = times;
  if (
    time === undefined ||
    times.length > 1 ||
    parts.some((part) => /\s/.test(part)) ||
    !isTimely(delivery, time)
  ) {
    return false;
  }
  const good = delivery.secret.map(
    (secret) => `v1=${mac(Buffer.from(secret), [time, '.', delivery.rawBody]).toString('hex')}`,
  );
  return parts
    .filter((part) => /^v1=[\da-fA-F]{64}$/.test(part))
    .slice(0, 100)
    .some((part) => good.includes(part.toLowerCase()));
}

function isDigest(delivery: FuzzedDelivery, headers: Headers, name: string): boolean {
  const text = one(headers, name) ?? '';
  const digits = text.startsWith('sha256=') ? text.slice(7) : text;
  return delivery.secret.some(
    (secret) =>
      mac(Buffer.from(secret), [delivery.rawBody]).toString('hex') ===
      digits.replace(/[A-F]/g, (d) => d.toLowerCase()),
  );
}

function isTimely({ toleranceSeconds, now }: FuzzedDelivery, text: string): boolean {
  if (!/^[0-9]{1,15}$/.test(text)) {
    return false;
  }
  const clock = BigInt(now.getTime() - (now.getTime() % 1000)) / 1000n;
  const distance = clock - BigInt(text);
  return (distance < 0n ? -distance : distance) <= BigInt(toleranceSeconds);
}

function standardKey(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '');
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return bytes.length >= 16 && [canonical, canonical.replaceAll('=', '')].includes(text) ? bytes : undefined;
}

function mac(key: Buffer, parts: readonly (Uint8Array | string)[]): Buffer {
  return createHmac('sha256', key)
    .update(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
    .digest();
}
