import { RequestMethod, type VersioningOptions, VersioningType } from '@nestjs/common';
import fc from 'fast-check';
import type { ScalekitWebhookModuleOptions, WebhookScheme } from '../../../lib/index.js';
import { SECRET } from '../webhook-app.js';

type Secret = ScalekitWebhookModuleOptions['secret'];
type Prefix = readonly [prefix: string, url: string, exclude?: (path: string) => string | object];

/** Returns `first` at boot and `later()` at each refresh. */
function refreshing(later: () => PromiseLike<string>): Secret {
  let calls = 0;
  return () => (calls++ === 0 ? SECRET : later());
}

export const OLD_SECRET = 'whsec_NB4yhs1FBrMlwvbhPKAM0HEvXkkcVTwU';
/** Not base64, so it serves every scheme but `standard`. */
export const TEXT_SECRET = 'a-secret-of-the-dashboard-with-40-chars!';

/** A forgery waits 2 s for such a refresh. */
const HANGING = 'hanging refresh';
/** Fresh for each application, because some functions count their calls. */
export const SECRETS: Record<string, () => Secret> = {
  string: () => SECRET,
  text: () => TEXT_SECRET,
  list: () => [OLD_SECRET, SECRET],
  function: () => () => SECRET,
  'function of a list': () => () => [SECRET, OLD_SECRET],
  'async function': () => () => Promise.resolve(SECRET),
  [HANGING]: () => refreshing(() => new Promise(() => undefined)),
  'failing refresh': () => refreshing(() => Promise.reject(new Error('The vault is sealed.'))),
  'useless refresh': () => refreshing(() => Promise.resolve('undefined')),
};

/** Each of these must stop the boot, as a value, in a list and returned by a function. */
const USELESS_SECRETS: readonly unknown[] = [
  ...[undefined, null, '', 'short', ` ${SECRET}`, `${SECRET}\n`, `"${SECRET}"`, `${SECRET};`, 42, [], {}],
  ...['undefined', 'null', '[object Object]', '[object Promise]', 'whsec_undefined', 'whsec_null'],
  ...['${SCALEKIT_WEBHOOK_SECRET}', '$SCALEKIT_WEBHOOK_SECRET', '%SCALEKIT_WEBHOOK_SECRET%', '{{ secret }}'],
  ...['<your-webhook-secret>', 'whsec_your_secret_here', 'changeme', 'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
];
for (const useless of USELESS_SECRETS) {
  const name = `useless: ${JSON.stringify(useless)}`;
  SECRETS[name] = () => useless as string;
  SECRETS[`${name} in a list`] = () => [SECRET, useless as string];
  SECRETS[`${name} from a function`] = () => () => useless as string;
  SECRETS[`${name} from an async function`] = () => () => Promise.resolve(useless as string);
}
const isUseless = (secret: string) => secret.startsWith('useless: ');

/** The empty one: no path is given. */
const PATHS = ['', 'webhooks/scalekit', '/hooks', 'hooks/', '/a/b/c/', 'Mixed/Case', 'v1/hooks', 'a.b~c_d-e'];
/** No sender can reach these as they are written. */
const WRONG_PATHS = [
  ...['/', '//hooks', 'a//b', 'hooks//', ':tenant/hooks', 'hooks/*', 'hooks/{id}', 'hooks?a=1', 'hooks#a'],
  ...[
    ' hooks',
    'hooks ',
    'a b',
    '%41',
    '../hooks',
    'hooks/..',
    './hooks',
    'https://example.com/hooks',
    'hööks',
  ],
];

const NAMESPACES = ['', '', 'billing', 'crm.eu-west_1', '7', '-'];
const WRONG_NAMESPACES = [' ', 'bill ing', 'billing:crm', 'billing/crm', 'ümlaut', '{billing}', 'billing\n'];

const PREFIXES: Record<string, Prefix> = {
  none: ['', ''],
  api: ['api', '/api'],
  '/api/v2': ['/api/v2', '/api/v2'],
  ':tenant': [':tenant', '/tenant-7'],
  'api without the path': ['api', '', (path) => path],
  'api without the /path': ['api', '', (path) => `/${path}`],
  'api without POST path': ['api', '', (path) => ({ path, method: RequestMethod.POST })],
};

const VERSIONINGS: Record<string, VersioningOptions | undefined> = {
  none: undefined,
  uri: { type: VersioningType.URI },
  'uri by default': { type: VersioningType.URI, defaultVersion: ['1', '2'], prefix: 'version-' },
  header: { type: VersioningType.HEADER, header: 'x-api-version' },
  'header by default': { type: VersioningType.HEADER, header: 'x-api-version', defaultVersion: '1' },
  'media type': { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' },
  custom: { type: VersioningType.CUSTOM, extractor: () => '2', defaultVersion: '1' },
  'custom list': { type: VersioningType.CUSTOM, extractor: () => ['3', '2'] },
};

/** Every value that means something to the module, by a name that a counterexample shows. */
export interface Settings {
  readonly role: 'both' | 'receive' | 'work';
  readonly dispatcher: 'inline' | 'own' | 'bullmq' | 'pg-boss' | 'own pg-boss';
  readonly store: 'memory' | 'ioredis' | 'redis' | 'postgres' | 'own';
  readonly secret: string;
  /** Empty: it is left out. */
  readonly namespace: string;
  readonly path: string;
  readonly prefix: string;
  readonly versioning: string;
  readonly platform: 'Express' | 'Fastify';
  readonly registration: 'forRoot' | 'forRootAsync' | 'forRootAsync with a path';
  readonly scheme: WebhookScheme;
  readonly onlyThatScheme: boolean;
  readonly rawBody: boolean;
  readonly bodyParser: boolean;
  readonly padding: number;
}

const names = (table: object) => Object.keys(table);
const mostly = <T>(usual: readonly T[], others: readonly T[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

export const anySettings: fc.Arbitrary<Settings> = fc.record({
  role: fc.constantFrom('both', 'both', 'receive', 'work'),
  dispatcher: fc.constantFrom('inline', 'own', 'bullmq', 'bullmq', 'pg-boss', 'pg-boss', 'own pg-boss'),
  store: fc.constantFrom('memory', 'ioredis', 'redis', 'postgres', 'own'),
  secret: fc.oneof(
    {
      weight: 54,
      arbitrary: fc.constantFrom(...names(SECRETS).filter((name) => !isUseless(name) && name !== HANGING)),
    },
    { weight: 6, arbitrary: fc.constantFrom(...names(SECRETS).filter(isUseless)) },
    { weight: 1, arbitrary: fc.constant(HANGING) },
  ),
  namespace: mostly(NAMESPACES, WRONG_NAMESPACES),
  path: mostly(PATHS, WRONG_PATHS),
  prefix: fc.constantFrom(...names(PREFIXES)),
  versioning: fc.constantFrom(...names(VERSIONINGS)),
  platform: fc.constantFrom('Express', 'Fastify'),
  registration: fc.constantFrom('forRoot', 'forRootAsync', 'forRootAsync with a path'),
  scheme: fc.constantFrom('standard', 'timestamped', 'digest'),
  onlyThatScheme: fc.boolean(),
  rawBody: fc.boolean(),
  bodyParser: fc.boolean(),
  padding: fc.constantFrom(0, 0, 200_000),
});

/** The options that the boot has to refuse, one of which its message must name; none: it must start. */
export function refusedOptions(settings: Settings): readonly string[] {
  const { role, dispatcher, store, secret, path, namespace } = settings;
  const hasQueue = dispatcher !== 'inline' && dispatcher !== 'own';
  return [
    ...(WRONG_NAMESPACES.includes(namespace) ? ['namespace'] : []),
    ...(isUseless(secret) ? ['secret'] : []),
    ...(WRONG_PATHS.includes(path) ? ['path'] : []),
    ...(role !== 'both' && !hasQueue ? ['role', 'dispatcher'] : []),
    ...(role !== 'both' && hasQueue && store === 'memory' ? ['store'] : []),
  ];
}

/** What the application says of routes, and where the sender finds the endpoint. */
export function routing({ path, prefix, versioning }: Settings) {
  const trimmed = (path || 'webhooks/scalekit').replace(/^\/|\/$/g, '');
  const [globalPrefix, before, exclude] = PREFIXES[prefix] ?? ['', ''];
  return {
    url: `${before}/${trimmed}`,
    globalPrefix,
    excluded: exclude ? [exclude(trimmed)] : [],
    versioning: VERSIONINGS[versioning],
  };
}
