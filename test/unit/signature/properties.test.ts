import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../../lib/signature/sign-webhook.js';
import { createWebhookVerifier, verifyWebhook } from '../../../lib/signature/verify-webhook.js';
import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../../lib/signature/webhook-scheme.js';
import { WebhookVerificationError } from '../../../lib/signature/signature.errors.js';
import { BODY, NOW, SECRET, T } from '../../support/signature-cases/signature-case.js';
import { trickyValues } from '../../support/signature-hostile-values.js';

const verifier = createWebhookVerifier({ secret: SECRET });

const isAccepted = (rawBody: Uint8Array | string, headers: Record<string, string>) => {
  try {
    verifier.verify({ rawBody, headers, now: NOW });
    return true;
  } catch {
    return false;
  }
};

const anyScheme = fc.constantFrom(...WEBHOOK_SCHEMES);
const anyBody = fc.uint8Array({ maxLength: 300 });
/** What HTTP can carry in a header. */
const anyId = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((c) => String.fromCharCode(c)),
  minLength: 1,
});
const anyTimestamp = fc.integer({ min: T - 300, max: T + 300 });
const anyDelivery = fc.record({ body: anyBody, id: anyId, timestamp: anyTimestamp });

/** The text or bytes with one bit turned over; `position` may be any natural number. */
function flipBit<Data extends Uint8Array | string>(data: Data, position: number): Data {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Uint8Array.from(data);
  const index = (position >> 3) % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (position & 7));
  return (typeof data === 'string' ? Buffer.from(bytes).toString('latin1') : bytes) as Data;
}

function replaceMac(
  scheme: WebhookScheme,
  headers: Record<string, string>,
  change: (mac: Buffer) => Uint8Array,
) {
  const encoding = scheme === 'standard' ? 'base64' : 'hex';
  const shape = scheme === 'standard' ? /[\w+/]{43}=$/ : /[0-9a-f]{64}$/;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace(shape, (mac) => Buffer.from(change(Buffer.from(mac, encoding))).toString(encoding)),
    ]),
  );
}

describe('a signed delivery', () => {
  it('is accepted, whatever its body, id and time are', () => {
    fc.assert(
      fc.property(anyScheme, anyDelivery, (scheme, { body, id, timestamp }) => {
        const headers = signWebhook({ body, secret: SECRET, scheme, id, timestamp });
        expect(verifier.verify({ rawBody: body, headers, now: NOW })).toEqual(
          {
            standard: { scheme, id, timestamp },
            timestamped: { scheme, timestamp },
            digest: { scheme },
          }[scheme],
        );
      }),
    );
  });

  it('is accepted with a text for a body, whatever its letters are', () => {
    fc.assert(
      fc.property(anyScheme, fc.string({ unit: 'binary' }), (scheme, body) => {
        const headers = signWebhook({ body, secret: SECRET, scheme, timestamp: NOW });
        return isAccepted(body, headers) && isAccepted(Buffer.from(body), headers);
      }),
    );
  });

  it('is accepted under any secret of 16 bytes or more', () => {
    fc.assert(
      fc.property(
        anyScheme,
        fc.uint8Array({ minLength: 16, maxLength: 100 }),
        fc.boolean(),
        (scheme, key, isPadded) => {
          const base64 = Buffer.from(key).toString('base64');
          const secret = `whsec_${isPadded ? base64 : base64.replace(/=+$/, '')}`;
          const headers = signWebhook({ body: BODY, secret, scheme, timestamp: NOW });
          expect(verifyWebhook({ rawBody: BODY, headers, secret, now: NOW }).scheme).toBe(scheme);
        },
      ),
    );
  });

  it('is rejected when one bit of the body changes', () => {
    fc.assert(
      fc.property(anyScheme, anyDelivery, fc.nat(), (scheme, delivery, position) => {
        fc.pre(delivery.body.length > 0);
        const headers = signWebhook({ ...delivery, secret: SECRET, scheme });
        return !isAccepted(flipBit(delivery.body, position), headers);
      }),
    );
  });

  it('is rejected when a byte is added to the body', () => {
    fc.assert(
      fc.property(anyScheme, anyDelivery, fc.nat({ max: 255 }), (scheme, delivery, byte) => {
        const headers = signWebhook({ ...delivery, secret: SECRET, scheme });
        return !isAccepted(Uint8Array.from([...delivery.body, byte]), headers);
      }),
    );
  });

  it('is rejected when one bit of the signature changes', () => {
    fc.assert(
      fc.property(anyScheme, anyDelivery, fc.nat(), (scheme, delivery, position) => {
        const headers = signWebhook({ ...delivery, secret: SECRET, scheme });
        const same = replaceMac(scheme, headers, (mac) => mac);
        const changed = replaceMac(scheme, headers, (mac) => flipBit(mac, position));
        return isAccepted(delivery.body, same) && !isAccepted(delivery.body, changed);
      }),
    );
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)(
    'is rejected under standard when one bit of the text of %s changes',
    (name) => {
      fc.assert(
        fc.property(anyDelivery, fc.nat(), (delivery, position) => {
          const headers = signWebhook({ ...delivery, secret: SECRET });
          return !isAccepted(delivery.body, { ...headers, [name]: flipBit(headers[name] ?? '', position) });
        }),
      );
    },
  );

  it('is rejected under timestamped when one bit of the time changes', () => {
    fc.assert(
      fc.property(anyDelivery, fc.nat(), (delivery, position) => {
        const headers = signWebhook({ ...delivery, secret: SECRET, scheme: 'timestamped' });
        const text = String(delivery.timestamp);
        const value = headers['scalekit-signature']?.replace(text, flipBit(text, position)) ?? '';
        return !isAccepted(delivery.body, { 'scalekit-signature': value });
      }),
    );
  });

  it('is accepted with its header names in any case and order, and others among them', () => {
    const anyCase = (text: string) => fc.mixedCase(fc.constant(text));
    fc.assert(
      fc.property(
        anyScheme,
        anyDelivery,
        fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { noNullPrototype: true }),
        fc.gen(),
        (scheme, delivery, others, gen) => {
          const headers = signWebhook({ ...delivery, secret: SECRET, scheme });
          const entries = [
            ...Object.entries(headers).map(([name, value]) => [gen(anyCase, name), value] as const),
            ...Object.entries(others),
          ];
          const order = gen(fc.shuffledSubarray<readonly [string, string]>, entries, {
            minLength: entries.length,
          });
          return isAccepted(delivery.body, Object.fromEntries(order));
        },
      ),
    );
  });
});

/** Makes anything whatever. */
const anyValue = (): fc.Arbitrary<() => unknown> =>
  fc.oneof(
    fc.constantFrom(...trickyValues),
    fc
      .anything({
        withBigInt: true,
        withBoxedValues: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withObjectString: true,
        withSet: true,
        withSparseArray: true,
        withTypedArray: true,
      })
      .map((value) => () => value),
  );

describe('whatever they are given', () => {
  const refusesProperly = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      // Not by toBe: it would print a hostile value.
      expect(isVerificationError(error)).toBe(true);
    }
  };
  const isVerificationError = (error: unknown) => {
    try {
      return error instanceof WebhookVerificationError;
    } catch {
      return false;
    }
  };
  const good = {
    rawBody: BODY,
    headers: signWebhook({ body: BODY, secret: SECRET, timestamp: T }),
    secret: SECRET,
    now: NOW,
  };
  const headerNames = [
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'scalekit-signature',
    'x-scalekit-signature',
  ];
  const properties = ['rawBody', 'headers', 'secret', 'now', 'schemes', 'toleranceSeconds'] as const;

  it('all throw WebhookVerificationError alone for every tricky value in every place', () => {
    for (const make of trickyValues) {
      refusesProperly(() => verifyWebhook(make() as never));
      refusesProperly(() => verifier.verify(make() as never));
      refusesProperly(() => signWebhook(make() as never));
      for (const name of properties) {
        refusesProperly(() => verifyWebhook({ ...good, [name]: make() }));
        refusesProperly(() => verifyWebhook({ ...good, [name]: [make()] }));
      }
      for (const name of headerNames) {
        refusesProperly(() =>
          verifyWebhook({ ...good, headers: { ...good.headers, [name]: make() } } as never),
        );
      }
      for (const name of ['body', 'secret', 'scheme', 'id', 'timestamp']) {
        refusesProperly(() => signWebhook({ body: BODY, secret: SECRET, [name]: make() }));
      }
    }
  });

  it('verifyWebhook throws WebhookVerificationError alone', () => {
    fc.assert(
      fc.property(anyValue(), (make) => {
        refusesProperly(() => verifyWebhook(make() as never));
      }),
    );
  });

  it.each(properties)('verifyWebhook throws WebhookVerificationError alone for any %s', (name) => {
    fc.assert(
      fc.property(anyValue(), (make) => {
        refusesProperly(() => verifyWebhook({ ...good, [name]: make() }));
        refusesProperly(() => verifyWebhook({ ...good, [name]: [make()] }));
      }),
    );
  });

  it.each(headerNames)(
    'verifyWebhook throws WebhookVerificationError alone for any value of the header %s',
    (name) => {
      fc.assert(
        fc.property(anyValue(), (make) => {
          refusesProperly(() =>
            verifyWebhook({ ...good, headers: { ...good.headers, [name]: make() } } as never),
          );
        }),
      );
    },
  );

  it('a verifier throws WebhookVerificationError alone', () => {
    fc.assert(
      fc.property(anyValue(), (make) => {
        refusesProperly(() => verifier.verify(make() as never));
      }),
    );
  });

  it('signWebhook throws WebhookVerificationError alone', () => {
    fc.assert(
      fc.property(
        anyValue(),
        fc.constantFrom('body', 'secret', 'scheme', 'id', 'timestamp'),
        (make, name) => {
          refusesProperly(() => signWebhook(make() as never));
          refusesProperly(() => signWebhook({ body: BODY, secret: SECRET, [name]: make() }));
        },
      ),
    );
  });
});
