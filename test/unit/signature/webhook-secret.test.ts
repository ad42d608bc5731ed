import { describe, expect, it } from 'vitest';
import { inspectSecret, inspectSecrets, MOST_SECRETS } from '../../../lib/signature/webhook-secret.js';
import { signWebhook } from '../../../lib/signature/sign-webhook.js';
import { KEY, SECRET } from '../../support/signature-cases/signature-case.js';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 'k').toString('base64')}`;

describe('inspectSecret', () => {
  it.each([
    ['the secret of the dashboard', SECRET],
    ['the same without whsec_', KEY.toString('base64')],
    ['a key of 24 bytes', secretOf(24)],
    ['a key of 64 bytes', secretOf(64)],
  ])('finds nothing in %s', (_name, secret) => {
    expect(inspectSecret(secret)).toEqual({ warnings: [] });
  });

  it.each([
    ['a missing secret', undefined, /not a string/],
    ['an object', { secret: SECRET }, /not a string/],
    ['a promise', Promise.resolve(SECRET), /not a string but a promise: await it.*function/],
    ['an empty secret', '', /empty.*environment variable/],
    ['the line break of a mounted file', `${SECRET}\n`, /white space.*trim/],
    ['a space before it', ` ${SECRET}`, /white space.*trim/],
    ['quotes, as docker --env-file leaves them', `"${SECRET}"`, /something around it.*quotes/],
    ['a quote before it', `'${SECRET}`, /something around it/],
    ['quotes around a text', '"a-text-without-a-prefix"', /something around it/],
    ['the comma of a list', `${SECRET},`, /something around it/],
    ['an invisible character', `${SECRET}\u200b`, /something around it/],
    ['the line of an env file', `SCALEKIT_WEBHOOK_SECRET=${SECRET}`, /name of its variable/],
    ['a private key', `whsk_${KEY.toString('base64')}`, /asymmetric/],
    ['a public key', `whpk_${KEY.toString('base64')}`, /asymmetric/],
    ['a pasted signature', `v1,${KEY.toString('base64')}`, /pasted signature/],
    ['seven characters', 'abcdefg', /fewer than 8 characters/],
    ['seven characters after whsec_', 'whsec_abcdefg', /fewer than 8 characters/],
  ])('names the problem of %s', (_name, secret, problem) => {
    const inspection = inspectSecret(secret);
    expect(inspection.problem).toMatch(problem);
    expect(inspection.warnings).toEqual([]);
  });

  it('finds a secret that is no base64 a problem where only standard is accepted', () => {
    const { problem, warnings } = inspectSecret('no base64, but quite long', ['standard']);
    expect(problem).toMatch(/"standard" needs whsec_/);
    expect(warnings).toEqual([]);
  });

  it('warns of a secret that is no base64 where other schemes are accepted, too', () => {
    const { problem, warnings } = inspectSecret('no base64, but quite long', ['standard', 'digest']);
    expect(problem).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/"standard" needs whsec_.*will be refused/)]);
  });

  it.each([
    ['whsec_test-secret', /it is not base64.*"timestamped" and "digest" can use it/],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=', /its base64 is incomplete or changed/],
    ['whsec_MTUgYnl0ZXMgbG9uZy4', /it holds only 14/],
  ])('says why standard cannot use %s', (secret, why) => {
    expect(inspectSecret(secret).warnings.join()).toMatch(why);
    expect(inspectSecret(secret, ['standard']).problem).toMatch(why);
    expect(() => signWebhook({ body: '{}', secret })).toThrow(why);
  });

  it('finds nothing in a secret that is no base64 where standard is not accepted', () => {
    expect(inspectSecret('no base64, but quite long', ['timestamped', 'digest'])).toEqual({ warnings: [] });
  });

  it('warns of a key of less than 24 bytes', () => {
    expect(inspectSecret(secretOf(23)).warnings).toEqual([expect.stringMatching(/23 bytes.*at least 24/)]);
    expect(inspectSecret(secretOf(16), ['standard']).warnings).toEqual([expect.stringMatching(/16 bytes/)]);
  });

  it('measures the text where standard is not accepted', () => {
    expect(inspectSecret(secretOf(16), ['digest']).warnings).toEqual([]);
    expect(inspectSecret('š'.repeat(11), ['digest']).warnings).toEqual([expect.stringMatching(/22 bytes/)]);
    expect(inspectSecret('š'.repeat(12), ['digest']).warnings).toEqual([]);
  });

  it('warns of both at once', () => {
    expect(inspectSecret('not base64!').warnings).toEqual([
      expect.stringMatching(/will be refused/),
      expect.stringMatching(/11 bytes/),
    ]);
  });

  it('never prints the secret', () => {
    const secrets = [
      'hunter2',
      'whsec_hunter2',
      'whsk_hunter2hunter2',
      'v1,hunter2hunter2',
      ' hunter2',
      'hunter2 hunter2',
    ];
    for (const secret of secrets) {
      expect(JSON.stringify([inspectSecret(secret), inspectSecret(secret, ['standard'])])).not.toContain(
        'hunter2',
      );
    }
  });
});

describe('inspectSecrets', () => {
  const all = ['standard', 'timestamped', 'digest'] as const;

  it('takes as many secrets as may be, and no more', () => {
    const list = (length: number) => Array.from({ length }, () => SECRET);
    expect(inspectSecrets(list(MOST_SECRETS), all)).toEqual({ warnings: [] });
    expect(inspectSecrets(list(MOST_SECRETS + 1), all).problem).toMatch(/more than 100/);
  });

  it('warns once of what is the same in several secrets', () => {
    const { warnings, problem } = inspectSecrets([secretOf(23), SECRET, secretOf(23)], all);
    expect(problem).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/23 bytes/)]);
  });

  it('says which one is at fault, and warns of no other', () => {
    expect(inspectSecrets([secretOf(23), ''], all)).toEqual({
      problem: expect.stringMatching(/^Number 2 of the list: /) as string,
      warnings: [],
    });
  });

  it.each([undefined, null, []])('finds %j no secret', (secrets) => {
    expect(inspectSecrets(secrets, all)).toEqual({
      problem: expect.stringMatching(/no webhook secret|empty/) as string,
      warnings: [],
    });
  });
});
