import fc from 'fast-check';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectSecrets } from '../../../lib/signature/webhook-secret.js';
import { createWebhookVerifier, verifyWebhook } from '../../../lib/signature/verify-webhook.js';
import { signWebhook } from '../../../lib/signature/sign-webhook.js';
import { WEBHOOK_SCHEMES } from '../../../lib/signature/webhook-scheme.js';

const problemOf = (secret: unknown) => inspectSecrets(secret, WEBHOOK_SCHEMES).problem;

/** What is left of a value that is missing, in code or in a template. */
const MISSING = [
  ...['undefined', 'whsec_undefined', 'whsec_null', 'undefined-prod', 'prod_undefined', 'undefinedundefined'],
  ...[
    'undefined_undefined',
    'whsec_undefined_v2',
    'UNDEFINED',
    'tenant42-undefined',
    'null-acme',
    'null_production',
  ],
  ...['[object Object]', '[object Promise]', 'whsec_[object Object]', '[object Undefined]', '[object Null]'],
  ...[
    'NaN-secret',
    'true-true',
    'Promise { <pending> }',
    '[AsyncFunction: secret]',
    '[Function (anonymous)]',
  ],
  ...["() => 'x'.repeat(8)", 'async () => secret', 'function secret() { return key }', 'class Secret { }'],
  ...['whsec_whsec_', 'whsec_whsec_whsec_', 'Symbol(secret)', 'false false'],
];

/** Variables that nobody filled in. */
const UNEXPANDED = [
  ...[
    '${NAME}',
    '${SCALEKIT_WEBHOOK_SECRET}',
    'whsec_${NAME}',
    '${NAME:-}',
    '${NAME:?must be set}',
    '${env.NAME}',
  ],
  ...[
    '$SCALEKIT_WEBHOOK_SECRET',
    'whsec_$SECRET_KEY',
    '$webhookSecret',
    '$(WEBHOOK_SECRET)',
    '#{SECRET_NAME}',
  ],
  ...['%SCALEKIT_WEBHOOK_SECRET%', '%(webhook_secret)s', '$env:WEBHOOK_SECRET', '@WEBHOOK_SECRET@'],
  ...[
    '{{ name }}',
    '{{webhookSecret}}',
    '{{ .Values.secret }}',
    '{{ $json.secret }}',
    '{{resolve:ssm:/acme/key}}',
  ],
  ...[
    '${{ secrets.NAME }}',
    '<%= ENV["NAME"] %>',
    '<% secret %>',
    '__WEBHOOK_SECRET__',
    'SCALEKIT_WEBHOOK_SECRET',
  ],
  ...['process.env.SCALEKIT_WEBHOOK_SECRET', 'secrets.WEBHOOK', "os.environ['NAME']", 'env(WEBHOOK_SECRET)'],
  ...['!Ref WebhookSecret', '@Microsoft.KeyVault(SecretUri=https://acme/x)', 'op://vault/scalekit/secret'],
  ...[
    'arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme',
    '/run/secrets/webhook',
    'https://acme.example/',
  ],
  ...[
    '${file(./keys.json)}',
    '${SECRET_FILE}/webhook',
    '$(cat /run/key)',
    '`aws ssm get-parameter`',
    './webhook.key',
  ],
  ...[
    "configService.get('SCALEKIT_SECRET')",
    'os.getenv("NAME")',
    '{"Ref":"Secret"}',
    'ENC[AES256_GCM,data:x]',
  ],
  ...['vault:secret/data/webhook#key', 'keyvault://webhook', 'projects/7/secrets/webhook/versions/latest'],
  ...['C:\\keys\\webhook.txt', '-----BEGIN PRIVATE KEY-----', '$ANSIBLE_VAULT;1.1;AES256'],
];

/** What documentation, samples and hurried people write. */
const STAND_INS = [
  ...[
    '<name>',
    '<your-webhook-secret>',
    '<secret>',
    'whsec_<secret>',
    '[your secret]',
    '{your_secret}',
    '(secret key)',
  ],
  ...[
    'whsec_your_secret_here',
    'your-secret',
    'your_webhook_secret',
    'yourSecretHere',
    'YOUR_SECRET',
    'yoursecret',
  ],
  ...['changeme', 'change-me', 'CHANGE_ME', 'ChangeMe123', 'changeme!', 'please-change-me', 'change this'],
  ...[
    'replace_me',
    'REPLACEME',
    'replace-with-your-secret',
    'insert-secret-here',
    'put_your_key_here',
    'enter secret',
  ],
  ...[
    'TODO: set secret',
    'todo-secret',
    'FIXME FIXME',
    'example-secret',
    'whsec_example',
    'sample_secret',
    'placeholder',
  ],
  ...[
    'whsec_placeholder',
    'dummy-secret',
    'fake_secret',
    'foobarbaz',
    'foo-bar-baz',
    'whsec_secret',
    'secret123',
  ],
  ...[
    'whsec_dummy',
    'whsec_foobar',
    'password',
    'password123',
    'Passw0rd1',
    'secretsecret',
    'supersecret',
    'testtest',
  ],
  ...[
    'my-secret',
    'webhook-secret',
    'scalekit_webhook_secret',
    'secret_key',
    'api-key-here',
    'test-secret-1',
  ],
  ...['not-set', 'no secret', 'none none', 'missing-secret', 'whsec_test_secret', 'qwertyuiop'],
  ...[
    'xxxxxxxx',
    'XXXXXXXXXXXXXXXX',
    'whsec_xxxxxxxxxxxxxxxxxxxxxxxx',
    'xxxx-xxxx-xxxx',
    'whsec_XXXXSECRETXXXX',
  ],
  ...[
    '********',
    'whsec_********************************',
    'whsec_••••••••',
    'whsec_MfKQ****LaSw',
    'whsec_MfKQ…LaSw',
  ],
  ...[
    'whsec_abc...wxyz',
    '........',
    '--------',
    '________',
    'your-secret...',
    '0000000000000000',
    'whsec_aaaaaaaa',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    '11111111',
    '12345678',
    '1234567890',
    'whsec_1234567890',
    '0123456789abcdef',
  ],
  ...[
    '123456789123456789',
    '87654321',
    'abcdefghijklmnop',
    '1234-5678-9012',
    'abcd1234',
    'a-secret-goes-here',
  ],
  ...[
    'your-secret-from-dashboard',
    'a-long-random-string',
    'your-256-bit-secret',
    'generate-me',
    'keyboard cat',
  ],
  ...['deadbeefdeadbeef', 'whsec_abcdef1234567890', 'see-vault', 'any-secret'],
];

describe('placeholders', () => {
  it.each([...MISSING, ...UNEXPANDED, ...STAND_INS])('are refused: %s', (secret) => {
    const problem = problemOf(secret);
    expect(problem).toMatch(/is a placeholder/);
    expect(problemOf(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', secret])).toMatch(
      /Number 2 .* is a placeholder/,
    );
    expect(problem).toBe(problemOf('undefined')); // the same words for all: nothing of the value is in them
    const refused = expect.objectContaining({ code: 'invalid_secret', message: problem }) as Error;
    expect(() => createWebhookVerifier({ secret })).toThrow(refused);
    expect(() => verifyWebhook({ secret: [secret], rawBody: '{}', headers: {} })).toThrow(refused);
    expect(() => signWebhook({ secret, body: '{}', scheme: 'digest' })).toThrow(refused);
  });

  it.each([
    'null',
    'NaN',
    'true',
    'TODO',
    'xxx',
    '***',
    'secret',
    'test',
    '$NAME',
    '%NAME%',
    'whsec_',
    'whsec_…',
  ])('are refused though they are short: %s', (secret) => {
    expect(problemOf(secret)).toBeDefined();
  });

  it.each([
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_test-secret',
    'my-plain-text-secret',
    'my_webhook.secret',
    'correct horse battery staple',
    'abcdefgh',
    'hunter22',
    'a'.repeat(32),
    `whsec_${Buffer.alloc(32).toString('base64')}`,
    `whsec_${Buffer.alloc(24, 'k').toString('base64')}`,
    `whsec_${Buffer.from('sample-only-never-in-production').toString('base64')}`,
  ])('are not found in a text that is somebody’s secret: %s', (secret) => {
    expect(problemOf(secret)).toBeUndefined();
  });
});

describe('random secrets', () => {
  const bytes = fc
    .uint8Array({ minLength: 16, maxLength: 64 })
    .map(() => randomBytes(16 + ((randomBytes(1)[0] ?? 0) % 49)));
  const textOf = (alphabet: string, min: number) =>
    fc
      .integer({ min, max: 64 })
      .map((length) =>
        Array.from(randomBytes(length * 2), (byte, at) =>
          at % 2 ? '' : alphabet[byte % alphabet.length],
        ).join(''),
      );
  const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, code) => code + 33));
  const words =
    'anchor banana candle desert eagle forest guitar harbor island jungle kitten lemon magnet number ocean'
      .concat(' pencil quartz river silver thunder umbrella violet window yellow zebra')
      .split(' ');

  it.each([
    ['base64', bytes.map((key) => Buffer.from(key).toString('base64'))],
    ['base64 without padding', bytes.map((key) => Buffer.from(key).toString('base64').replace(/=+$/, ''))],
    ['base64url', bytes.map((key) => Buffer.from(key).toString('base64url'))],
    ['hex', bytes.map((key) => Buffer.from(key).toString('hex'))],
    ['capital hex', bytes.map((key) => Buffer.from(key).toString('hex').toUpperCase())],
    ['a UUID', fc.constant(null).map(() => randomUUID())],
    ['letters', textOf('abcdefghijklmnopqrstuvwxyz', 12)],
    ['base32', textOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)],
    ['digits', textOf('0123456789', 12)],
    ['printable characters', textOf(printable, 24)],
    ['short printable characters', textOf(printable, 16)],
    ['short hex', textOf('0123456789abcdef', 16)],
    [
      'a passphrase',
      fc.array(fc.constantFrom(...words), { minLength: 4, maxLength: 8 }).map((list) => list.join('-')),
    ],
  ])('are never refused: %s, with and without whsec_', (_, secrets) => {
    fc.assert(
      fc.property(secrets, fc.constantFrom('', 'whsec_'), (secret, prefix) => {
        expect(problemOf(prefix + secret)).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });
});
