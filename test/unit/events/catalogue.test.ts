import { existsSync, readFileSync } from 'node:fs';
import type ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES } from '../../../lib/events/scalekit-event-types.js';
import { CatalogueDrift } from './catalogue-drift.js';
import type { Schema } from './catalogue-drift.js';
import { diagnosticsOf, programOf } from './type-program.js';

type Json = Record<string, unknown>;

interface DocumentedType {
  readonly schema: Schema;
  readonly example: Json & { data: Json };
}

interface Overview {
  readonly events: Readonly<Record<string, Json>>;
  readonly namedWithoutPayload: readonly string[];
}

const DOCUMENTS = new URL('../../../../shared/reference/', import.meta.url);
const documentsAreHere = existsSync(DOCUMENTS);
const reference = (documentsAreHere ? readJson('scalekit-events.json') : {}) as Record<
  string,
  DocumentedType
>;
const overview = (
  documentsAreHere ? readJson('overview-events.json') : { events: {}, namedWithoutPayload: [] }
) as Overview;

/** Offered by the dashboard; no document lists it. */
const DASHBOARD_TYPE = 'organization.directory_deleted';

/** What stands for the fields that are missing from a cut-off example. */
const CUT_OFF = '?';

const skipped = documentsAreHere ? '' : ' (skipped: they are not here)';

describe.skipIf(!documentsAreHere)(
  `the catalogue against the documents in ../shared/reference${skipped}`,
  () => {
    it('has exactly the documented types', () => {
      const documented = [
        ...Object.keys(reference),
        ...Object.keys(overview.events),
        ...overview.namedWithoutPayload,
        DASHBOARD_TYPE,
      ];

      expect([...SCALEKIT_EVENT_TYPES].sort()).toEqual(documented.sort());
      expect(Object.keys(reference)).toHaveLength(41);
    });

    it('has every field of the API reference as the schemas and their examples have it', () => {
      expect(driftFrom(reference)).toEqual([]);
    });

    it('has every field of the overview as its examples have it', () => {
      const { checker, dataOf } = openCatalogue();
      const drift = new CatalogueDrift(checker);

      for (const [type, example] of Object.entries(overview.events)) {
        const data = Object.fromEntries(Object.entries(example).filter(([field]) => field !== CUT_OFF));
        const examples = type === 'user.authenticated' ? [data, exampleOfOverviewText().data] : [data];
        drift.compare(`${type}:data`, dataOf(type), undefined, examples);
      }

      expect(drift.report()).toEqual([]);
    });

    it('accepts every example as it stands, and knows each of its fields', () => {
      const examples: [string, Json][] = [
        ...Object.entries(reference).map(([type, { example }]): [string, Json] => [type, example]),
        ...Object.entries(overview.events).map(([type, data]): [string, Json] => [
          type,
          { id: 'evt_1', type, created: '2024-01-15T10:30:00Z', data },
        ]),
        ['user.authenticated', exampleOfOverviewText()],
      ];
      const statements = examples.map(
        ([type, example], at) =>
          `export const event${at}: ScalekitEvent<'${type}'> = ${JSON.stringify(example)};`,
      );

      expect(diagnosticsOf(catalogueProgram(statements))).toEqual([]);
    });
  },
);

describe.skipIf(!documentsAreHere)(`the check of the catalogue${skipped}`, () => {
  it.each<[string, string, (edit: Edit) => void]>([
    ['is not required any more', 'data.display_name is optional', ({ at }) => (at('data').required = ['id'])],
    ['is required now', 'organization_id is required', ({ at }) => at().required?.push('organization_id')],
    ['may be null now', 'data.external_id may be null', ({ at }) => (at('data.external_id').nullable = true)],
    [
      'is never null any more',
      'data.metadata is never null',
      ({ at, example }) => {
        at('data.metadata').nullable = false;
        example.data.metadata = {};
      },
    ],
    [
      'is null in an example',
      'data.region_code may be null',
      ({ example }) => (example.data.region_code = null),
    ],
    ['is new', 'data.plan is missing', ({ at }) => (at('data').properties = { plan: { type: 'string' } })],
    ['is new in an example', 'data.plan is missing', ({ example }) => (example.data.plan = 'x')],
    [
      'is gone',
      'data.deleted_at is in no schema',
      ({ at }) => (at('data').properties = { id: { type: 'string' } }),
    ],
    [
      'has another type',
      'data.settings is documented as string',
      ({ at }) => (at('data.settings').type = 'string'),
    ],
    [
      'has another type far inside',
      'data.settings.features[].enabled is documented as string',
      ({ at }) => (at('data.settings.features[].enabled').type = 'string'),
    ],
    ['has one value more', ':object is one of Organization, Org', ({ at }) => at('object').enum?.push('Org')],
    [
      'tells another type',
      ':type is one of organization.made',
      ({ at }) => (at('type').enum = ['organization.made']),
    ],
  ])('notices a field that %s', (_name, difference, change) => {
    const { 'organization.created': event } = structuredClone(reference);
    if (!event) throw new Error('organization.created is not documented.');
    const only = { 'organization.created': event };
    const before = driftFrom(only);

    change({ at: (path = '') => schemaAt(event.schema, path), example: event.example });

    const isIt = expect.stringContaining(difference) as unknown;
    expect(before).not.toContainEqual(isIt);
    expect(driftFrom(only)).toContainEqual(isIt);
  });
});

interface Edit {
  readonly at: (path?: string) => Writable;
  readonly example: DocumentedType['example'];
}

type Writable = { -readonly [Field in keyof Schema]: Schema[Field] } & {
  required?: string[];
  enum?: string[];
};

function schemaAt(root: Schema, path: string): Writable {
  const schema = path
    .split(/[.]|(?=\[\])/)
    .filter((step) => step !== '')
    .reduce<Schema | undefined>(
      (each, step) => (step === '[]' ? each?.items : each?.properties?.[step]),
      root,
    );
  if (!schema) throw new Error(`The schema has no ${path}.`);
  return schema as Writable;
}

function driftFrom(documented: Readonly<Record<string, DocumentedType>>): string[] {
  const { checker, typeOf } = openCatalogue();
  const drift = new CatalogueDrift(checker);
  for (const [type, { schema, example }] of Object.entries(documented)) {
    drift.compare(type, typeOf(type), schema, [example]);
  }
  // `created` is there for the overview's events: no schema has it.
  return drift.report().filter((difference) => !/^[^:]+:created /.test(difference));
}

interface Catalogue {
  readonly checker: ts.TypeChecker;
  readonly typeOf: (type: string) => ts.Type;
  readonly dataOf: (type: string) => ts.Type;
}

let opened: Catalogue | undefined;

/** Compiled once: it takes a second or two. */
function openCatalogue(): Catalogue {
  if (opened) return opened;
  const types: readonly string[] = SCALEKIT_EVENT_TYPES;
  const { program, file } = catalogueProgram(
    types.map((type, at) => `export type E${at} = ScalekitEvent<'${type}'>;`),
  );
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(file);
  const symbols = new Map(
    module && checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]),
  );

  const typeOf = (type: string): ts.Type => {
    const symbol = symbols.get(`E${types.indexOf(type)}`);
    if (!symbol) throw new Error(`The catalogue has no ${type}.`);
    return checker.getDeclaredTypeOfSymbol(symbol);
  };
  const dataOf = (type: string): ts.Type => {
    const data = checker.getPropertyOfType(typeOf(type), 'data');
    if (!data) throw new Error(`${type} has no data.`);
    return checker.getTypeOfSymbol(data);
  };
  opened = { checker, typeOf, dataOf };
  return opened;
}

function catalogueProgram(statements: readonly string[]) {
  const program = [
    "import type { ScalekitEvent } from '../../../lib/events/scalekit-event.js';",
    ...statements,
  ];
  return programOf('test/unit/events/catalogue.virtual.ts', program.join('\n'));
}

/** The overview's own page shows one event, and less of it than its page of events does. */
function exampleOfOverviewText(): Json {
  const [json = ''] = /^\{$.*?^\}$/ms.exec(readText('scalekit-webhooks-overview.txt')) ?? [];
  return JSON.parse(json) as Json;
}

function readJson(name: string): unknown {
  return JSON.parse(readText(name));
}

function readText(name: string): string {
  return readFileSync(new URL(name, DOCUMENTS), 'utf8');
}
