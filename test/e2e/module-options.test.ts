import { describe, expect, it } from 'vitest';
import { ScalekitWebhookModule, type ScalekitWebhookModuleOptions } from '../../lib/index.js';
import { leaksOf } from '../support/leaks.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

type Options = Record<string, unknown>;

/** The secrets that S10 refuses, and what the error says. */
const uselessSecrets: [string, unknown, RegExp][] = [
  ['no secret', undefined, /There is no webhook secret: is its environment variable set\?/],
  ['null', null, /There is no webhook secret/],
  ['an empty one', '', /empty: is its environment variable set\?/],
  ['one with the newline of a mounted file', `${SECRET}\n`, /white space.* trim it/],
  ['one with a blank before it', ` ${SECRET}`, /white space.* trim it/],
  ['one of white space', ' \t ', /white space/],
  ['seven characters', 'S3cr3t!', /fewer than 8 characters/],
  ['seven characters after the prefix', 'whsec_S3cr3t7', /fewer than 8 characters/],
  ['a pasted signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', /pasted signature/],
  ['an asymmetric signing key', 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbf', /asymmetric/],
  ['an asymmetric public key', 'whpk_mfXvMBLfsRa4iLNcbgGUFeHqNjlhzxTmyzFEVXZl3qo', /asymmetric/],
  ['a number', 12345678, /not a string/],
  ['an empty list', [], /list of webhook secrets is empty/],
  ['a list with a bad one', [SECRET, 'whsec_short12\n'], /Number 2 of the list: .*white space/],
];

const numbers = [
  'secretCacheSeconds',
  'maxBodyBytes',
  'answerWithinMs',
  'handlerTimeoutMs',
  'shutdownTimeoutMs',
  'signature.toleranceSeconds',
  'signature.maxEventAgeSeconds',
  'idempotency.ttlSeconds',
  'idempotency.leaseMs',
];

/** Options, the option that is wrong, and what the error says that it must be. */
const badOptions: [string, Options, string, string | RegExp][] = [
  ...numbers.flatMap((option) =>
    [-1, NaN, '5', 1.5, Infinity, 2 ** 53].map((value): (typeof badOptions)[number] => [
      `${option} of ${typeof value === 'string' ? `'${value}'` : value}`,
      nested(option, value),
      option,
      /must be a whole number from \d+ to \d+ \((?:seconds|milliseconds|bytes)\)\./,
    ]),
  ),
  [
    'a lease longer than a timer can be',
    nested('idempotency.leaseMs', 2 ** 31),
    'idempotency.leaseMs',
    'must be',
  ],
  ['a time to live of a second', nested('idempotency.ttlSeconds', 1), 'idempotency.ttlSeconds', 'from 60 to'],
  ...[
    '',
    '/',
    'a b',
    'hooks/:tenant',
    'hooks/*',
    'hooks//in',
    '../hooks',
    'hooks/./in',
    'https://example.com/in',
    'hooks?x=1',
    5,
    null,
  ].map((path): (typeof badOptions)[number] => [
    `the path ${JSON.stringify(path)}`,
    { path },
    'path',
    "must be a route such as 'webhooks/scalekit'",
  ]),
  ...['', ' env_1', [], ['env_1', ''], 5].map((environmentId): (typeof badOptions)[number] => [
    `the environmentId ${JSON.stringify(environmentId)}`,
    { environmentId },
    'environmentId',
    'must be an environment id',
  ]),
  ...['', 'a b', 'a:b', 'a/b', 'x'.repeat(65), 5].map((namespace): (typeof badOptions)[number] => [
    `the namespace ${JSON.stringify(namespace)}`,
    { namespace },
    'namespace',
    'must be 1 to 64 letters',
  ]),
  ...[[], ['standart'], 'standard', ['standard', 'md5'], null].map((schemes): (typeof badOptions)[number] => [
    `the schemes ${JSON.stringify(schemes)}`,
    { signature: { schemes } },
    'signature.schemes',
    "must be a list of one or more of 'standard', 'timestamped', 'digest'.",
  ]),
  ['a store class', { idempotency: { store: Map } }, 'idempotency.store', 'must be an IdempotencyStore'],
  [
    'a store of another kind',
    { idempotency: { store: new Map() } },
    'idempotency.store',
    'must be an IdempotencyStore',
  ],
  ['no store', { idempotency: { store: null } }, 'idempotency.store', 'must be an IdempotencyStore'],
  [
    'a dispatcher by name',
    { dispatcher: 'inline' },
    'dispatcher',
    'must be a dispatcher, such as inlineDispatcher()',
  ],
  ['an unknown option', { secrets: [SECRET] }, 'secrets', 'is no option'],
  ['an unknown option of signature', nested('signature.tolerance', 5), 'signature.tolerance', 'is no option'],
  ['an unknown option of idempotency', nested('idempotency.ttl', 5), 'idempotency.ttl', 'is no option'],
  ['signature as a list', { signature: ['standard'] }, 'signature', 'must be objects'],
  ['signature as a text', { signature: 'standard' }, 'signature', 'must be objects'],
  ['idempotency as a number', { idempotency: 5 }, 'idempotency', 'must be objects'],
];

function nested(option: string, value: unknown): Options {
  const [group, name] = option.split('.') as [string, string | undefined];
  return name === undefined ? { [group]: value } : { [group]: { [name]: value } };
}

describe.each(PLATFORMS)('options on $platform', ({ adapter }) => {
  const failWith = (options: Options) => {
    const imports = [ScalekitWebhookModule.forRoot(options as unknown as ScalekitWebhookModuleOptions)];
    return WebhookApp.failToStart({ adapter: adapter(), webhook: null, imports });
  };

  it.each(badOptions)('stop the boot for %s, with one error that says what it must be', async (...row) => {
    const [, options, option, says] = row;
    const { error, logs } = await failWith({ secret: SECRET, ...options });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toMatch(/^ScalekitWebhookModule "default" can't start: /);
    expect(error.message).toMatch(new RegExp(`[ :]${option.replace('.', '\\.')} `));
    expect(error.message).toMatch(says);
    expect(error.message.match(/must be|is no option/g)).toHaveLength(1);
    expect(logs.matching(/^error: /)).toHaveLength(1);
    expect(leaksOf(SECRET, [error.message, ...logs.everything])).toEqual([]);
  });

  it.each(uselessSecrets)('stop the boot for the secret: %s', async (_, secret, says) => {
    const { error, logs } = await failWith({ secret });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toMatch(/^ScalekitWebhookModule "default" can't start: secret is not usable\. /);
    expect(error.message).toMatch(says);
    const texts = [error.message, String(error.stack), ...logs.everything];
    const secrets = [secret].flat().filter((item) => typeof item === 'string');
    expect(secrets.flatMap((item) => leaksOf(item, texts))).toEqual([]);
  });

  it('stop the boot for a secret that cannot serve the only scheme that is accepted', async () => {
    const secret = 'pass-phrase-of-thirty-two-letters';
    const { error, logs } = await failWith({ secret, signature: { schemes: ['standard'] } });
    expect(error.message).toMatch(/secret is not usable\. The scheme "standard" needs whsec_/);
    expect(leaksOf(secret, [error.message, ...logs.everything])).toEqual([]);
  });

  it('stop the boot with one error that names everything that is wrong', async () => {
    const { error } = await failWith({
      secret: '',
      path: 'a b',
      signature: { toleranceSeconds: -1, tolerance: 5 },
    });
    for (const fault of [
      'secret is not usable.',
      'path must be',
      'signature.toleranceSeconds must be',
      'signature.tolerance is no option',
    ]) {
      expect(error.message).toContain(fault);
    }
  });

  it.each([
    ['nothing', undefined],
    ['a promise of nothing', Promise.resolve(undefined)],
    ['a list', [SECRET]],
  ])('stop the boot when the factory returns %s', async (_, returned) => {
    const useFactory = () => returned as unknown as ScalekitWebhookModuleOptions;
    const imports = [ScalekitWebhookModule.forRootAsync({ useFactory })];
    const { error } = await WebhookApp.failToStart({ adapter: adapter(), webhook: null, imports });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toMatch(/there are no options\. Does the factory return them/);
  });

  it('stop the boot with the reason of a factory that failed', async () => {
    const useFactory = () => Promise.reject(new Error('SCALEKIT_WEBHOOK_SECRET is not set'));
    const imports = [ScalekitWebhookModule.forRootAsync({ useFactory })];
    const { error } = await WebhookApp.failToStart({ adapter: adapter(), webhook: null, imports });
    expect(error.message).toBe('SCALEKIT_WEBHOOK_SECRET is not set');
  });

  it.each(['', ' ', 'a b', 'a:b', 'a/b', 'ü', 'x'.repeat(65), 'a\nb'])(
    'stop the boot for the name "%s"',
    async (name) => {
      const { error } = await WebhookApp.failToStart({ adapter: adapter(), webhook: { name } });
      expect(error).toMatchObject({ code: 'invalid_options' });
      expect(error.message).toContain("name must be 1 to 64 letters, digits, '.', '_' or '-'.");
    },
  );

  it.each([
    { name: 'Main-1.of_2' },
    { path: 'a/b.c/~d-e_f' },
    { environmentId: ['env_1', 'env_2'] },
    { shutdownTimeoutMs: 0 },
    { signature: { schemes: ['digest'] as const, maxEventAgeSeconds: 1 } },
    { idempotency: { ttlSeconds: 60, leaseMs: 100 } },
  ])('may be %o', async (webhook) => {
    const server = await WebhookApp.start({ adapter: adapter(), webhook });
    expect(server.logs.matching(/\[[\w.-]+\] POST \//)).toHaveLength(1);
    await server.close();
  });

  it('are none where they are undefined: the default counts', async () => {
    const undefinedOptions = { path: undefined, signature: undefined, answerWithinMs: undefined } as object;
    const server = await WebhookApp.start({ adapter: adapter(), webhook: undefinedOptions });
    expect(
      server.logs.matching(/\[default\] POST \/webhooks\/scalekit; role: both; .*; schemes: standard, /),
    ).toHaveLength(1);
    await server.close();
  });
});

describe.each(PLATFORMS)('warnings at boot on $platform', ({ adapter }) => {
  const warningsWith = async (webhook: Partial<ScalekitWebhookModuleOptions>) => {
    const server = await WebhookApp.start({ adapter: adapter(), webhook });
    await server.close();
    return server.logs.matching(/^warn: \[default\]/);
  };
  const REPLAY = /"digest" signs no timestamp.*replayed.*signature\.schemes to \['standard'\]/;
  const schemes = ['standard'] as const;

  it('tell of replays under digest, once and with the remedy', async () => {
    const warnings = await warningsWith({});
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(REPLAY);
  });

  it('are none when only standard is accepted and the secret is long', async () => {
    expect(await warningsWith({ signature: { schemes } })).toEqual([]);
  });

  it('tell of a secret that makes a short key, without the secret', async () => {
    const secret = 'whsec_MTYgYnl0ZXMgZXhhY3RseQ';
    const warnings = await warningsWith({ secret, signature: { schemes } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/key of 16 bytes; Standard Webhooks asks for at least 24\. Rotate it/);
    expect(leaksOf(secret, warnings)).toEqual([]);
  });

  it('tell once of two short secrets in a list', async () => {
    const secret = ['whsec_MTYgYnl0ZXMgZXhhY3RseQ', 'whsec_YWxzbyAxNiBieXRlcyBvaw'];
    expect(await warningsWith({ secret, signature: { schemes } })).toHaveLength(1);
  });

  it('tell of a secret that can never serve standard', async () => {
    const secret = 'pass-phrase-of-thirty-two-letters';
    const warnings = await warningsWith({ secret });
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/"standard" needs whsec_.*deliveries signed so will be refused/);
    expect(leaksOf(secret, warnings)).toEqual([]);
  });
});
