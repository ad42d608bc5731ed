import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimitedLog } from '../../../lib/shared/rate-limited-log.js';
import { createDeliveryVerifier, type DeliveryVerifier } from '../../../lib/signature/secret-source.js';
import { signWebhook } from '../../../lib/signature/sign-webhook.js';
import { WEBHOOK_SCHEMES } from '../../../lib/signature/webhook-scheme.js';
import { WebhookVerificationError } from '../../../lib/signature/signature.errors.js';
import { leaksOf } from '../../support/leaks.js';

const OLD = 'whsec_b2xkLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVzLi4';
const NEW = 'whsec_bmV3LXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVzLi4';
const FORGED = 'whsec_Zm9yZ2VkLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGU';
const SECONDS = 1_000;

describe('createDeliveryVerifier', () => {
  const lines: string[] = [];
  const fetchSecret = vi.fn<() => unknown>();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    lines.length = 0;
    fetchSecret.mockReset();
  });
  afterEach(() => vi.useRealTimers());

  const verifierOf = (secret: unknown, secretCacheSeconds = 60): DeliveryVerifier => {
    const logger = new Logger();
    vi.spyOn(logger, 'warn').mockImplementation((line: string) => lines.push(line));
    return createDeliveryVerifier(
      {
        secret: secret as string,
        secretCacheSeconds,
        signature: { schemes: WEBHOOK_SCHEMES, toleranceSeconds: 300 },
      },
      new RateLimitedLog(logger, 'default'),
    );
  };
  const signedWith = (secret: string) => {
    const body = '{"id":"evt_1","type":"user.created","data":{}}';
    return { rawBody: Buffer.from(body), headers: signWebhook({ body, secret }) };
  };
  const verify = async (verifier: DeliveryVerifier, secret: string) => {
    const outcome = await verifier.check(signedWith(secret));
    if (outcome instanceof WebhookVerificationError) {
      throw outcome;
    }
    return outcome;
  };
  const mismatch = { code: 'signature_mismatch' };
  const unavailable = { code: 'secret_unavailable' };

  describe('with a fixed secret', () => {
    it('verifies without waiting', () => {
      expect(verifierOf(OLD).check(signedWith(OLD))).toMatchObject({ scheme: 'standard' });
    });

    it('verifies with any secret of a list, the first and the last', async () => {
      const verifier = verifierOf([NEW, OLD]);
      await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
      await expect(verify(verifier, NEW)).resolves.toMatchObject({ scheme: 'standard' });
      await expect(verify(verifier, FORGED)).rejects.toMatchObject(mismatch);
    });
  });

  describe('with a secret function', () => {
    it('asks once at boot and not again for secretCacheSeconds', async () => {
      fetchSecret.mockResolvedValue(OLD);
      const verifier = verifierOf(fetchSecret, 60);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS - 1);
      await verify(verifier, OLD);
      expect(fetchSecret).toHaveBeenCalledTimes(1);

      vi.advanceTimersByTime(1);
      await verify(verifier, OLD);
      await verify(verifier, OLD);
      expect(fetchSecret).toHaveBeenCalledTimes(2);
    });

    it('takes a function that returns at once, and one that returns a list', async () => {
      const verifier = verifierOf(() => [NEW, OLD]);
      await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
    });

    it('asks once for deliveries that wait at the same time', async () => {
      const { promise, resolve } = deferred<string>();
      fetchSecret.mockReturnValue(promise);
      const verifier = verifierOf(fetchSecret);
      const deliveries = Array.from({ length: 100 }, () => verify(verifier, OLD));
      resolve(OLD);
      await Promise.all(deliveries);
      expect(fetchSecret).toHaveBeenCalledTimes(1);
    });

    it('asks again when a signature does not match, and accepts a secret that was rotated', async () => {
      fetchSecret.mockResolvedValue(OLD);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      fetchSecret.mockResolvedValue(NEW);
      vi.advanceTimersByTime(5 * SECONDS);
      await expect(verify(verifier, NEW)).resolves.toMatchObject({ scheme: 'standard' });
      await expect(verify(verifier, OLD)).rejects.toMatchObject(mismatch);
    });

    it('does not ask again within five seconds, however many signatures do not match', async () => {
      fetchSecret.mockResolvedValue(OLD);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(5 * SECONDS);
      for (let forgery = 0; forgery < 500; forgery++) {
        await expect(verify(verifier, FORGED)).rejects.toMatchObject(mismatch);
      }
      expect(fetchSecret).toHaveBeenCalledTimes(2);

      vi.advanceTimersByTime(5 * SECONDS - 1);
      await expect(verify(verifier, FORGED)).rejects.toMatchObject(mismatch);
      expect(fetchSecret).toHaveBeenCalledTimes(2);
      vi.advanceTimersByTime(1);
      await expect(verify(verifier, FORGED)).rejects.toMatchObject(mismatch);
      expect(fetchSecret).toHaveBeenCalledTimes(3);
    });

    it('asks once for a flood of forgeries at the same time', async () => {
      fetchSecret.mockResolvedValue(OLD);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(5 * SECONDS);
      const forgeries = await Promise.allSettled(Array.from({ length: 500 }, () => verify(verifier, FORGED)));
      expect(forgeries.every(({ status }) => status === 'rejected')).toBe(true);
      expect(fetchSecret).toHaveBeenCalledTimes(2);
    });

    it('does not ask again for a delivery that no secret could verify', async () => {
      fetchSecret.mockResolvedValue(OLD);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(10 * SECONDS);
      const { rawBody } = signedWith(OLD);
      await expect(verifier.check({ rawBody, headers: {} })).resolves.toMatchObject({
        code: 'missing_headers',
      });
      expect(fetchSecret).toHaveBeenCalledTimes(1);
    });
  });

  describe('with a secret function that fails', () => {
    it.each([
      ['rejects', () => Promise.reject(new RangeError(`token s.${OLD} expired`))],
      [
        'throws',
        () => {
          throw new RangeError(`token s.${OLD} expired`);
        },
      ],
    ])('says that there is no secret when it %s, without what its error says', async (_, failing) => {
      fetchSecret.mockImplementation(failing);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      expect(lines).toEqual([
        '[default] secret_unavailable: The secret function failed (RangeError). ' +
          'Deliveries are answered 503 until it returns one.',
      ]);
      await expect(verify(verifier, OLD)).rejects.toMatchObject({
        ...unavailable,
        message: 'The secret function failed (RangeError).',
      });
    });

    it('recovers as soon as it answers, and is asked at most once a second until then', async () => {
      fetchSecret.mockRejectedValue(new Error('away'));
      const verifier = verifierOf(fetchSecret);
      for (let second = 0; second < 3; second++) {
        for (let delivery = 0; delivery < 100; delivery++) {
          await expect(verify(verifier, OLD)).rejects.toMatchObject(unavailable);
        }
        vi.advanceTimersByTime(SECONDS);
      }
      expect(fetchSecret).toHaveBeenCalledTimes(3);
      fetchSecret.mockResolvedValue(OLD);
      await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
    });

    it('keeps the earlier secret in use, and asks again five seconds later', async () => {
      fetchSecret.mockResolvedValueOnce(OLD).mockRejectedValue(new Error('away'));
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS);
      for (let delivery = 0; delivery < 10; delivery++) {
        await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
      }
      expect(fetchSecret).toHaveBeenCalledTimes(2);
      expect(lines).toEqual([
        '[default] secret_unavailable: The secret function failed (Error). ' +
          'The secret fetched before stays in use.',
      ]);
      vi.advanceTimersByTime(5 * SECONDS);
      await verify(verifier, OLD);
      expect(fetchSecret).toHaveBeenCalledTimes(3);
    });

    it('keeps the earlier secret in use when the next one is useless', async () => {
      fetchSecret.mockResolvedValueOnce(OLD).mockResolvedValue(`${NEW}\n`);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS);
      await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
      expect(lines.join()).toContain('white space');
    });
  });

  describe('with a secret function that hangs', () => {
    it('gives up after five seconds', async () => {
      fetchSecret.mockReturnValue(new Promise(() => undefined));
      const delivery = verify(verifierOf(fetchSecret), OLD);
      const refused = expect(delivery).rejects.toMatchObject({
        ...unavailable,
        message: 'The secret function did not answer within 5 s.',
      });
      await vi.advanceTimersByTimeAsync(5 * SECONDS);
      await refused;
    });

    it('keeps the process alive meanwhile', async () => {
      vi.useRealTimers();
      const timers = vi.spyOn(globalThis, 'setTimeout');
      const { promise, resolve } = deferred<string>();
      const delivery = verify(
        verifierOf(() => promise),
        OLD,
      );
      expect(timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([true]);
      timers.mockRestore();
      resolve(OLD);
      await delivery;
    });

    const hangingAfter = async (secret: string) => {
      fetchSecret.mockResolvedValueOnce(secret).mockReturnValue(new Promise(() => undefined));
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS);
      return verifier;
    };

    it('uses the earlier secret after half a second, and at once from then on', async () => {
      const verifier = await hangingAfter(OLD);
      const delivery = verify(verifier, OLD);
      await vi.advanceTimersByTimeAsync(500);
      await expect(delivery).resolves.toMatchObject({ scheme: 'standard' });
      const second = verify(verifier, OLD);
      await vi.advanceTimersByTimeAsync(1);
      await expect(second).resolves.toMatchObject({ scheme: 'standard' });
      await vi.advanceTimersByTimeAsync(5 * SECONDS);
      await expect(verify(verifier, OLD)).resolves.toMatchObject({ scheme: 'standard' });
      expect(fetchSecret).toHaveBeenCalledTimes(2);
      expect(lines.join()).toContain('did not answer within 5 s. The secret fetched before stays in use.');
    });

    it('refuses a forgery after two seconds at most', async () => {
      const verifier = await hangingAfter(OLD);
      const forgery = expect(verify(verifier, FORGED)).rejects.toMatchObject(mismatch);
      await vi.advanceTimersByTimeAsync(2 * SECONDS);
      await forgery;
    });

    it('accepts a rotated secret that comes while its delivery waits', async () => {
      const { promise, resolve } = deferred<string>();
      fetchSecret.mockResolvedValueOnce(OLD).mockReturnValue(promise);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS);
      const delivery = verify(verifier, NEW);
      await vi.advanceTimersByTimeAsync(SECONDS);
      resolve(NEW);
      await expect(delivery).resolves.toMatchObject({ scheme: 'standard' });
    });

    it('does not use an earlier secret that was revoked when the function answers', async () => {
      fetchSecret.mockResolvedValueOnce(OLD).mockResolvedValue(NEW);
      const verifier = verifierOf(fetchSecret);
      await verifier.prepare();
      vi.advanceTimersByTime(60 * SECONDS);
      await expect(verify(verifier, OLD)).rejects.toMatchObject(mismatch);
    });

    it('leaves no timer behind once it has answered', async () => {
      fetchSecret.mockResolvedValue(OLD);
      await verify(verifierOf(fetchSecret), OLD);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  describe('with a secret that makes a short key', () => {
    const SHORT = 'whsec_MTYgYnl0ZXMgZXhhY3RseQ';

    it.each([
      ['a fixed one', SHORT],
      ['one from a function', () => Promise.resolve(SHORT)],
    ])('warns at boot of %s, without the secret', async (_, secret) => {
      const warnings = await verifierOf(secret).prepare();
      expect(warnings.join()).toMatch(/key of 16 bytes.*Rotate it/);
      expect(leaksOf(SHORT, warnings)).toEqual([]);
    });

    it('warns of nothing else', async () => {
      expect(await verifierOf(OLD).prepare()).toEqual([]);
      expect(await verifierOf(() => OLD).prepare()).toEqual([]);
    });
  });

  describe('with a secret function that returns something useless at boot', () => {
    it.each([
      ['nothing', undefined, /There is no webhook secret/],
      ['an object', { value: OLD }, /not a string/],
      ['an empty text', '', /empty/],
      ['an empty list', [], /list of webhook secrets is empty/],
      ['too many secrets', Array.from({ length: 101 }, () => OLD), /more than 100 webhook secrets/],
      ['a list with gaps', Array.from({ length: 2 }), /Number 1 .* not a string/],
      ['a missing variable', 'undefined', /placeholder/],
      ['a list with a missing variable', [OLD, 'whsec_undefined'], /Number 2 .* placeholder/],
      ['a secret with a newline', `${OLD}\n`, /white space.*trim/],
      ['a short secret', 'whsec_Z2Vy', /fewer than 8 characters/],
      ['a signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', /pasted signature/],
      ['a list with a bad one', [OLD, 'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], /Number 2 .* asymmetric/],
    ])('refuses %s and says what to do, never the secret', async (_, secret, says) => {
      fetchSecret.mockResolvedValue(secret);
      const error = await verifierOf(fetchSecret)
        .prepare()
        .then(
          () => expect.fail('It was accepted.'),
          (reason: unknown) => reason as Error,
        );
      expect(error).toMatchObject({ code: 'invalid_options' });
      expect(error.message).toMatch(/^The secret function returned no usable secret\. /);
      expect(error.message).toMatch(says);
      const secrets = [secret].flat().filter((item) => typeof item === 'string');
      expect(secrets.flatMap((item) => leaksOf(item, [error.message]))).toEqual([]);
      expect(lines).toEqual([]);
    });
  });
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
