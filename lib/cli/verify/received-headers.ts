import type { Fault } from './fault.js';

/** Headers as they came: names in any case, repeated ones included. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

const SIGNATURE_HEADERS = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
  'scalekit-signature',
  'x-scalekit-signature',
] as const;
type SignatureHeaderName = (typeof SIGNATURE_HEADERS)[number];

/** The headers that signatures are made of, and under which name each came. */
export class ReceivedHeaders {
  private readonly values = new Map<SignatureHeaderName, string[]>();
  readonly faults: readonly Fault[];

  constructor(private readonly lines: HeaderLines) {
    for (const [name, value] of lines) {
      const known = SIGNATURE_HEADERS.find((each) => each === name.toLowerCase());
      if (known) {
        this.values.set(known, [...(this.values.get(known) ?? []), value]);
      }
    }
    this.faults = this.takeRenamed();
  }

  /** The first of the values of a header that came several times. */
  get(name: SignatureHeaderName): string | undefined {
    return this.values.get(name)?.[0];
  }

  all(name: SignatureHeaderName): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** Of headers that are no part of a signature, too. */
  other(name: string): string | undefined {
    return this.lines.find(([each]) => each.toLowerCase() === name)?.[1];
  }

  get present(): readonly SignatureHeaderName[] {
    return SIGNATURE_HEADERS.filter((name) => this.values.has(name));
  }

  get repeated(): readonly SignatureHeaderName[] {
    return this.present.filter((name) => this.all(name).length > 1);
  }

  /** CGI and some proxies write HTTP_WEBHOOK_ID or webhook_id, and people log them so. */
  private takeRenamed(): Fault[] {
    const renamed: string[] = [];
    for (const [name, value] of this.lines) {
      const plain = name
        .toLowerCase()
        .replaceAll('_', '-')
        .replace(/^http-/, '');
      const known = [plain, plain.replace(/^x-(?=webhook-|svix-)/, '')]
        .map((candidate) => SIGNATURE_HEADERS.find((each) => each === candidate))
        .find((each) => each !== undefined);
      if (known && !this.values.has(known)) {
        this.values.set(known, [value]);
        renamed.push(`${known} came as ${name.replace(/[^\w-]/g, '?').slice(0, 40)}`);
      }
    }
    return renamed.length === 0
      ? []
      : [
          {
            cause: 'header_renamed',
            message: `Headers came under other names: ${renamed.join(', ')}.`,
            remedy: 'Have the proxy or server in between pass header names on as they are.',
          },
        ];
  }
}
