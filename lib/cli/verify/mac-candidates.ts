import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { Fault, VerifyCause } from './fault.js';

/** A signature that a header holds, or held once. */
export interface MacCandidate {
  readonly faults: readonly Fault[];
  matches(mac: Buffer): boolean;
}

/** A MAC of which so much is there can't agree by chance. */
const SHORTEST_REST = 12;
const HEX_LENGTH = 64;
const BASE64_LENGTH = 44;

/** S4, S6, S7 */
function wellFormed(header: string, scheme: WebhookScheme): string[] {
  const pick = (parts: readonly string[], form: RegExp) =>
    parts.flatMap((part) => form.exec(part)?.[1] ?? []);
  switch (scheme) {
    case 'standard':
      return pick(header.split(' '), /^v1,([A-Za-z0-9+/]{43}=)$/);
    case 'timestamped':
      return /\s/.test(header) ? [] : pick(header.split(','), /^v1=([0-9A-Fa-f]{64})$/);
    case 'digest':
      return pick([header], /^(?:sha256=)?([0-9A-Fa-f]{64})$/);
  }
}

/** Everything in a signature header that may be a signature, the well-formed ones first. */
export function macCandidates(header: string, scheme: WebhookScheme): MacCandidate[] {
  return [
    ...wellFormed(header, scheme).map((text) => ({
      faults: [],
      matches: (mac: Buffer) => spells(text, mac),
    })),
    ...looseTexts(header).map(({ text, fault }) => ({
      faults: [fault],
      matches: (mac: Buffer) => spells(text, mac),
    })),
    ...truncated(header),
    ...lowerCased(header),
  ];
}

/** How many signatures the header holds as its scheme writes them. */
export function countWellFormed(header: string, scheme: WebhookScheme): number {
  return wellFormed(header, scheme).length;
}

function spells(text: string, mac: Buffer): boolean {
  const bytes = text.length === HEX_LENGTH ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.equals(mac);
}

function looseTexts(header: string): { text: string; fault: Fault }[] {
  const unquoted = header.trim().replace(/^["']+|["']+$/g, '');
  const variants: readonly (readonly [string, string])[] = [
    [header, describe(header)],
    [decodePercent(unquoted), 'is percent-encoded'],
    [unquoted.replaceAll(' ', '+'), 'has spaces where + was, as form decoding leaves them'],
  ];
  return variants.flatMap(([variant, how]) =>
    Array.from(variant.matchAll(/(?<![\w+/-])(?:[0-9a-f]{64}|[\w+/-]{43}=?)(?![\w+/=-])/gi), ([text]) => ({
      text,
      fault: fault('header_altered', `The signature header ${how}.`),
    })),
  );
}

function describe(header: string): string {
  if (/^["']|["']$/.test(header)) {
    return 'has quotes around its value';
  }
  if (/^v1,.+,\s*v1,/.test(header)) {
    return 'is several headers joined by commas';
  }
  if (/^(?:sha256=)?[\w+/-]{43,64}=?,/.test(header)) {
    return 'is several headers joined by commas, or lost what tells the version';
  }
  if (/^\s|\s$|,\s/.test(header)) {
    return 'has white space in it that does not belong there';
  }
  return 'is not written as its scheme writes it (version prefix, hex or base64)';
}

function truncated(header: string): MacCandidate[] {
  const rest = /([\w+/-]+=?)["'\s]*$/.exec(header)?.[1] ?? '';
  if (rest.length < SHORTEST_REST || rest.length >= HEX_LENGTH) {
    return [];
  }
  return [
    {
      faults: [
        fault(
          'signature_truncated',
          `The signature header is cut off: its last ${rest.length} characters are the beginning of the right signature.`,
        ),
      ],
      matches: (mac) =>
        (rest.length < BASE64_LENGTH && mac.toString('base64').startsWith(rest)) ||
        mac.toString('hex').startsWith(rest.toLowerCase()),
    },
  ];
}

function lowerCased(header: string): MacCandidate[] {
  const text = /([a-z0-9+/]{43}=)$/.exec(header.trim())?.[1];
  return text === undefined
    ? []
    : [
        {
          faults: [fault('header_altered', 'The signature header was turned into lower case.')],
          matches: (mac) => mac.toString('base64').toLowerCase() === text,
        },
      ];
}

function fault(cause: VerifyCause, message: string): Fault {
  return {
    cause,
    message,
    remedy:
      'Look at what passes the request on (proxy, gateway, log, your own code): header values must stay as sent.',
  };
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
