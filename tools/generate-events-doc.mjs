// Writes docs/events.md from the catalogue in lib/events/: each type, when it is sent, and its payload's fields.
// With --check it writes nothing and fails when the page is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = `${ROOT}docs/events.md`;

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  ROOT,
);
const program = ts.createProgram([`${ROOT}lib/events/scalekit-event-map.ts`], options);
const checker = program.getTypeChecker();

const describe = (symbol) =>
  ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');

const isOfCatalogue = (symbol) =>
  symbol?.declarations?.some(
    (node) => ts.isInterfaceDeclaration(node) && node.getSourceFile().fileName.includes('/events/catalogue/'),
  );

const link = (name) => `[\`${name}\`](#${name.toLowerCase()})`;

/** Payload interfaces in the order in which they are first met. */
const payloads = new Map();

function remember(type) {
  const symbol = type.aliasSymbol ?? type.symbol;
  for (const part of [
    ...(type.types ?? []),
    ...(checker.isArrayType(type) ? checker.getTypeArguments(type) : []),
  ]) {
    remember(part);
  }
  if (isOfCatalogue(symbol) && !payloads.has(symbol.name)) {
    payloads.set(symbol.name, type);
    fieldsOf(type).forEach((field) => remember(checker.getTypeOfSymbol(field)));
  }
}

const fieldsOf = (type) => type.getProperties().filter(({ declarations }) => declarations?.length);

/** As it is written in the source. */
function typeText(field) {
  const text = field.valueDeclaration.type.getText().replace(/\s+/g, ' ');
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function eventMap() {
  const source = program.getSourceFile(`${ROOT}lib/events/scalekit-event-map.ts`);
  const map = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .find(({ name }) => name === 'ScalekitEventMap');
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(map));
}

function families() {
  const byFamily = new Map();
  for (const event of eventMap()) {
    const family = event.valueDeclaration.parent;
    byFamily.set(family, [...(byFamily.get(family) ?? []), event]);
  }
  return byFamily;
}

function dataText(event) {
  const type = checker.getTypeOfSymbol(event);
  remember(type);
  const name = event.valueDeclaration.type.getText();
  return isOfCatalogue(type.symbol) ? link(name) : 'not published: open';
}

/** What a reader wants to know of, and the types that tell it. */
const CHOICES = {
  'A customer is set up, changes or leaves': [
    'organization.created',
    'organization.updated',
    'organization.deleted',
  ],
  'A customer proves that it owns a domain': ['organization.domain_dns_verification_success'],
  'Single sign-on is switched on or off for a customer': [
    'organization.sso_enabled',
    'organization.sso_disabled',
  ],
  'SCIM is switched on, off or removed for a customer': [
    'organization.directory_enabled',
    'organization.directory_disabled',
    'organization.directory_deleted',
  ],
  'An employee of a customer gets access, changes or loses access (SCIM)': ['organization.directory.user_*'],
  'A group of a customer changes (SCIM)': ['organization.directory.group_*'],
  'A person signs up': ['user.signup'],
  'A person is invited to an organization, joins it, gets other roles or leaves it': [
    'user.organization_invitation',
    'user.organization_membership_*',
  ],
  'A person signs in or out': ['user.login', 'user.logout'],
  'Roles or permissions are edited': ['role.*', 'permission.*'],
  "A person's account at another service is connected, or its token fails": [
    'connected_account.oauth_succeeded',
    'connected_account.token_refresh_failed',
  ],
};

function choices(byFamily) {
  const events = [...byFamily].flatMap(([family, members]) =>
    members.map((event) => ({ event, source: sourceOf(family) })),
  );
  return Object.entries(CHOICES).map(([what, patterns]) => {
    const chosen = patterns.flatMap((pattern) => {
      const matches = events.filter(({ event }) =>
        pattern.endsWith('*') ? event.name.startsWith(pattern.slice(0, -1)) : event.name === pattern,
      );
      if (matches.length === 0) {
        throw new Error(`${pattern} is no type of the catalogue.`);
      }
      return matches;
    });
    const unique = (values) => [...new Set(values)].join(', ');
    const data = unique(chosen.map(({ event }) => dataText(event)));
    const sources = unique(chosen.map(({ source }) => `<${source}>`));
    return `| ${what} | ${patterns.map((pattern) => `\`${pattern}\``).join(', ')} | ${data} | ${sources} |`;
  });
}

function sourceOf(family) {
  const see = ts.getJSDocTags(family).find(({ tagName }) => tagName.text === 'see');
  return see?.getText().match(/https:\S+/)?.[0] ?? '';
}

function render() {
  const byFamily = families();
  const lines = [
    '# Events',
    '',
    'Every event type that this package knows, when Scalekit sends it, and what `event.data` holds. Other types work, too: their `data`',
    'is `Record<string, unknown>`. Enums are open, because Scalekit adds values to them.',
    '',
    '<!-- Generated by tools/generate-events-doc.mjs from lib/events/catalogue: do not edit. -->',
    '',
    '## Which events?',
    '',
    '| what happened | listen to | `event.data` | documented at |',
    '| --- | --- | --- | --- |',
    ...choices(byFamily),
    '',
    "The [overview events](#overview-events) at the end are the types of Scalekit's webhooks overview, a page that gives some of the same",
    "events other names and payloads than Scalekit's API reference does. Prefer the types above, and check in your dashboard which types",
    'your environment sends.',
  ];
  for (const [family, events] of byFamily) {
    const file = basename(family.getSourceFile().fileName, '.ts');
    const address = sourceOf(family);
    lines.push(
      '',
      `## ${family.name.text.replace(/Events$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ')} events`,
      '',
    );
    lines.push(`From \`lib/events/catalogue/${file}.ts\`${address ? `, after <${address}>` : ''}.`, '');
    lines.push('| type | sent when | `data` |', '| --- | --- | --- |');
    events.forEach((event) => lines.push(`| \`${event.name}\` | ${describe(event)} | ${dataText(event)} |`));
  }
  lines.push(
    '',
    '# Payloads',
    '',
    'A field with `?` may be left out. All of it is read-only: events are frozen.',
  );
  for (const [name, type] of payloads) {
    lines.push(
      '',
      `### ${name}`,
      '',
      describe(type.symbol),
      '',
      '| field | type | meaning |',
      '| --- | --- | --- |',
    );
    for (const field of fieldsOf(type)) {
      const optional = field.flags & ts.SymbolFlags.Optional ? '?' : '';
      lines.push(`| \`${field.name}${optional}\` | ${typeText(field)} | ${describe(field)} |`);
    }
    if (type.getStringIndexType()) {
      lines.push('| … | `unknown` | Further fields may come. |');
    }
  }
  return `${lines.join('\n')}\n`;
}

const page = render();
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, page);
} else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error('docs/events.md is out of date: run npm run docs:events.');
  process.exitCode = 1;
}
