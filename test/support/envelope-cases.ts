import type { EnvelopeErrorCode } from '../../lib/events/envelope.js';

/** A body and what becomes of it: for the reader itself, and for whole apps over HTTP. */
export interface EnvelopeCase {
  readonly name: string;
  /** The rule that the case tells of; `JSON` and `open`: what is no JSON, and what passes unexamined. */
  readonly rule: 'JSON' | 'E2' | 'E3' | 'E4' | 'E5' | 'E6' | 'E7' | 'E8' | 'open';
  readonly rawBody: Buffer | string;
  readonly expect: 'accepted' | EnvelopeErrorCode;
  /** What the message of the error says. */
  readonly says?: string;
  /** The id of the accepted envelope. */
  readonly id?: string;
}

type Rule = EnvelopeCase['rule'];

const MIB = 1_048_576;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const VALID = '{"id":"evt_1","type":"user.created","data":{}}';

/** The text of an envelope; a field given as undefined is left out. */
function envelope(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ id: 'evt_1', type: 'user.created', data: {}, ...fields });
}

/** The text of an envelope with one more member as it stands: for names and values no object literal can hold. */
function envelopeWith(member: string): string {
  return `{"id":"evt_1","type":"user.created","data":{},${member}}`;
}

/** An envelope whose `data.note` holds these bytes. */
function envelopeOfBytes(...bytes: number[]): Buffer {
  const [before, after] = ['{"id":"evt_1","type":"user.created","data":{"note":"', '"}}'];
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

const arrays = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const objects = (levels: number): string => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
const mixed = (pairs: number): string => '[{"a":'.repeat(pairs) + '0' + '}]'.repeat(pairs);

function accepted(rule: Rule, bodies: Record<string, Buffer | string>): EnvelopeCase[] {
  return Object.entries(bodies).map(([name, rawBody]) => ({ name, rule, rawBody, expect: 'accepted' }));
}

function refused(
  rule: Rule,
  code: EnvelopeErrorCode,
  bodies: Record<string, Buffer | string>,
  says?: string,
): EnvelopeCase[] {
  return Object.entries(bodies).map(([name, rawBody]) => ({
    name,
    rule,
    rawBody,
    expect: code,
    ...(says !== undefined && { says }),
  }));
}

function keyed(bodies: Record<string, { rawBody: string; id: string }>): EnvelopeCase[] {
  return Object.entries(bodies).map(([name, body]) => ({ name, rule: 'E8', expect: 'accepted', ...body }));
}

const utf8Cases: EnvelopeCase[] = [
  ...accepted('E2', {
    'one leading byte order mark': Buffer.concat([BOM, Buffer.from(VALID)]),
    'characters of two, three and four bytes': envelope({ data: { name: 'Zoë 漢字 🎉' } }),
    'a replacement character that was sent as such': envelope({ data: { name: '\uFFFD' } }),
    'a byte order mark inside a string': envelope({ data: { name: 'a\uFEFFb' } }),
    'a noncharacter, U+FFFF': envelope({ data: { name: '\uFFFF' } }),
    'the last code point, U+10FFFF': envelopeOfBytes(0xf4, 0x8f, 0xbf, 0xbf),
  }),
  ...refused('E2', 'not_json', {
    'two byte order marks': Buffer.concat([BOM, BOM, Buffer.from(VALID)]),
    'a byte order mark after white space': ` \uFEFF${VALID}`,
    'a byte order mark at the end': `${VALID}\uFEFF`,
    'UTF-16 without a byte order mark': Buffer.from(VALID, 'utf16le'),
  }),
  ...refused('E2', 'not_json', { 'a byte order mark and nothing else': BOM }, 'empty'),
  ...refused('E2', 'not_utf8', {
    'Latin-1': Buffer.from(envelope({ data: { name: 'Zoë' } }), 'latin1'),
    'UTF-16 with a byte order mark': Buffer.from(`\uFEFF${VALID}`, 'utf16le'),
    'half a byte order mark': Buffer.concat([BOM.subarray(0, 2), Buffer.from(VALID)]),
    'a lone continuation byte': envelopeOfBytes(0x80),
    'a character of two bytes cut short': envelopeOfBytes(0xc3),
    'a character of three bytes cut short': envelopeOfBytes(0xe6, 0xbc),
    'a character of four bytes cut short': envelopeOfBytes(0xf0, 0x9f, 0x8e),
    'a body that ends within a character': Buffer.from([0x22, 0xf0, 0x9f]),
    'an overlong slash': envelopeOfBytes(0xc0, 0xaf),
    'an overlong U+0000': envelopeOfBytes(0xc0, 0x80),
    'an overlong character of three bytes': envelopeOfBytes(0xe0, 0x80, 0xaf),
    'an encoded lone surrogate': envelopeOfBytes(0xed, 0xa0, 0x80),
    'an encoded surrogate pair (CESU-8)': envelopeOfBytes(0xed, 0xa0, 0xbc, 0xed, 0xbe, 0x89),
    'a code point beyond U+10FFFF': envelopeOfBytes(0xf4, 0x90, 0x80, 0x80),
    'the byte FF': envelopeOfBytes(0xff),
    'a gzip header': Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
    'a bad byte after the object': Buffer.concat([Buffer.from(VALID), Buffer.from([0xfe])]),
  }),
];

const jsonCases: EnvelopeCase[] = [
  ...accepted('JSON', {
    'white space around the object': `\r\n\t ${VALID} \n`,
    'white space between all tokens': '{ "id" : "evt_1" ,\n"type" : "user.created" ,\n"data" : { } }',
    'names and values written with escapes':
      '{"\\u0069d":"evt\\u005f1","type":"user\\u002ecreated","data":{}}',
    'numbers too large for a double': envelopeWith('"n":[1e400,12345678901234567890]'),
  }),
  ...refused('JSON', 'not_json', { 'an empty body': '' }, 'empty'),
  ...refused('JSON', 'not_json', {
    'only white space': ' \n',
    'an object cut short': VALID.slice(0, -1),
    'a string cut short': VALID.slice(0, 9),
    'a trailing comma': '{"id":"evt_1","type":"user.created","data":{},}',
    'single quotes': VALID.replaceAll('"', "'"),
    'unquoted names': '{id:"evt_1",type:"user.created",data:{}}',
    'a comment': `/* event */ ${VALID}`,
    'two objects': `${VALID}\n${VALID}`,
    'an id and a timestamp before the object': `msg_1.1705314600.${VALID}`,
    NaN: envelopeWith('"n":NaN'),
    'a number with a leading zero': envelopeWith('"n":01'),
    'a line break within a string': envelopeWith('"n":"a\nb"'),
    'U+0000 as a byte within a string': envelopeWith('"n":"a\u0000b"'),
    'an incomplete escape': envelopeWith('"n":"\\u00"'),
    'a no-break space before the object': `\u00A0${VALID}`,
    'a form': 'id=evt_1&type=user.created',
    XML: '<event id="evt_1"/>',
  }),
];

const depthCases: EnvelopeCase[] = [
  ...accepted('E3', {
    '200 levels of arrays': envelopeWith(`"deep":${arrays(199)}`),
    '200 levels of objects': envelopeWith(`"deep":${objects(199)}`),
    '199 levels of arrays and objects by turns': envelopeWith(`"deep":${mixed(99)}`),
    '200 levels in data': envelope({ data: undefined }).replace('}', `,"data":{"deep":${arrays(198)}}}`),
    '200 levels beside 200 levels': envelopeWith(`"one":${arrays(199)},"two":${objects(199)}`),
    'many brackets within a string': envelope({ data: { note: '['.repeat(5000) } }),
    'many shallow arrays': envelopeWith(`"wide":[${Array(5000).fill('[]').join()}]`),
    'a deep member overridden by a shallow one': envelopeWith(`"deep":${arrays(500)},"deep":0`),
  }),
  ...refused(
    'E3',
    'too_deep',
    {
      '201 levels of arrays': envelopeWith(`"deep":${arrays(200)}`),
      '201 levels of objects': envelopeWith(`"deep":${objects(200)}`),
      '201 levels of arrays and objects by turns': envelopeWith(`"deep":${mixed(100)}`),
      '201 levels in data': envelope({ data: undefined }).replace('}', `,"data":{"deep":${arrays(199)}}}`),
      '201 levels after a shallow member': envelopeWith(`"shallow":[[]],"deep":${arrays(200)}`),
      '201 levels under __proto__': envelopeWith(`"__proto__":${objects(200)}`),
      '201 levels of nothing but arrays': arrays(201),
      'an id 201 levels deep': `{"id":${arrays(200)},"type":"user.created","data":{}}`,
      'a mebibyte of arrays': arrays(MIB / 2),
      'a mebibyte of objects': objects(Math.floor(MIB / 6)),
      'a mebibyte of arrays in an envelope': envelopeWith(`"deep":${arrays(MIB / 2 - 30)}`),
    },
    'deeper than 200 levels',
  ),
  ...refused('E3', 'not_an_envelope', { '200 levels of nothing but arrays': arrays(200) }),
  ...refused('E3', 'not_json', {
    'a mebibyte of opening brackets': '['.repeat(MIB),
    'a mebibyte of opened objects': '{"a":'.repeat(Math.floor(MIB / 5)),
    'a mebibyte of arrays closed as objects': '['.repeat(MIB / 2) + '}'.repeat(MIB / 2),
  }),
];

const objectCases: EnvelopeCase[] = [
  ...refused(
    'E4',
    'not_an_envelope',
    {
      'null instead of an object': 'null',
      'true instead of an object': 'true',
      'a number instead of an object': '42',
      'a string instead of an object': JSON.stringify(VALID),
      'an array instead of an object': '[]',
      'an envelope in an array': `[${VALID}]`,
    },
    'must be a JSON object',
  ),
  ...refused('E4', 'not_an_envelope', { 'an empty object': '{}' }, '"id" must be'),
];

const faultyNames: Record<string, readonly [value: unknown, says: string]> = {
  missing: [undefined, 'it is missing'],
  null: [null, 'it is null'],
  'a number': [17, 'it is a number'],
  'a boolean': [true, 'it is a boolean'],
  'an array of one string': [['evt_1'], 'it is an array'],
  'an object': [{ toString: 'evt_1' }, 'it is an object'],
  empty: ['', 'it is empty'],
  'only spaces': ['   ', 'it is only white space'],
  'only Unicode white space': ['\u00A0\u2003\u3000', 'it is only white space'],
  '257 characters long': ['x'.repeat(257), 'it has 257 characters'],
  '129 emoji long': ['🎉'.repeat(129), 'it has 258 characters'],
  'with U+0000': ['a\u0000', 'it has a control character'],
  'with a line break': ['a\nb', 'it has a control character'],
  'with the last C0 character': ['a\u001F', 'it has a control character'],
  'with DEL': ['a\u007F', 'it has a control character'],
  'with the first C1 character': ['\u0080a', 'it has a control character'],
  'with the last C1 character': ['\u009Fa', 'it has a control character'],
  'with a lone high surrogate': ['a\uD83C', 'it has a lone surrogate'],
  'with a lone low surrogate': ['\uDF89a', 'it has a lone surrogate'],
  'with surrogates the wrong way round': ['\uDF89\uD83C', 'it has a lone surrogate'],
};

const soundNames: Record<string, string> = {
  'one character long': 'x',
  '256 characters long': 'x'.repeat(256),
  '128 emoji long': '🎉'.repeat(128),
  'with spaces around it': ' evt 1 ',
  'with a no-break space': 'evt\u00A01',
  'with punctuation and quotes': `evt:"1"/'\\%;--`,
  'with characters of other scripts': 'événement-漢字',
  'with a line separator': 'evt\u20281',
};

const nameCases: EnvelopeCase[] = (['id', 'type'] as const).flatMap((field) => [
  ...Object.entries(faultyNames).flatMap(([name, [value, says]]) =>
    refused(
      'E4',
      'not_an_envelope',
      { [`${field} ${name}`]: envelope({ [field]: value }) },
      `"${field}" must be a string of 1 to 256 characters, not only white space, ` +
        `without control characters or lone surrogates: ${says}.`,
    ),
  ),
  ...Object.entries(soundNames).flatMap(([name, value]) =>
    accepted('E4', { [`${field} ${name}`]: envelope({ [field]: value }) }),
  ),
]);

const faultyData: Record<string, readonly [value: unknown, says: string]> = {
  missing: [undefined, 'it is missing'],
  null: [null, 'it is null'],
  'an array': [[], 'it is an array'],
  'an array of objects': [[{ id: 'usr_1' }], 'it is an array'],
  'a string': ['{}', 'it is a string'],
  'a number': [0, 'it is a number'],
  'a boolean': [false, 'it is a boolean'],
};

const dataCases: EnvelopeCase[] = [
  ...Object.entries(faultyData).flatMap(([name, [value, says]]) =>
    refused(
      'E5',
      'not_an_envelope',
      { [`data ${name}`]: envelope({ data: value }) },
      `"data" must be an object: ${says}.`,
    ),
  ),
  ...accepted('E5', {
    'data without fields': VALID,
    'data with fields of all kinds': envelope({
      data: { s: '', n: -0.5, b: true, z: null, a: [[], {}], o: {} },
    }),
    'data with control characters and lone surrogates': envelope({ data: { note: '\u0000\uD800' } }),
  }),
];

const dateCases = accepted('E6', {
  'neither created nor occurred_at': VALID,
  'occurred_at with nanoseconds': envelope({ occurred_at: '2024-01-15T10:30:00.123456789Z' }),
  'created that is no date': envelope({ created: 'yesterday' }),
  'occurred_at on 30 February': envelope({ occurred_at: '2024-02-30T00:00:00Z' }),
  'occurred_at as a number': envelope({ occurred_at: 1705314600 }),
  'created as null': envelope({ created: null }),
  'created as an object': envelope({ created: { toString: null } }),
});

const prototypeCases: EnvelopeCase[] = [
  ...accepted('E7', {
    'a field named __proto__': envelopeWith('"__proto__":{"admin":true}'),
    '__proto__ that is no object': envelopeWith('"__proto__":null'),
    '__proto__ within data': '{"id":"evt_1","type":"user.created","data":{"__proto__":{"admin":[true]}}}',
    '__proto__ within __proto__': envelopeWith('"__proto__":{"__proto__":{"__proto__":[]}}'),
    'a field named constructor': envelopeWith('"constructor":{"prototype":{"admin":true}}'),
    'fields named as methods are': envelopeWith('"toString":1,"valueOf":2,"hasOwnProperty":3,"toJSON":4'),
  }),
  ...refused('E7', 'not_an_envelope', {
    'id, type and data within __proto__': `{"__proto__":${VALID}}`,
    'id, type and data within constructor.prototype': `{"constructor":{"prototype":${VALID}}}`,
  }),
  ...refused('E7', 'not_an_envelope', {
    'data within __proto__': '{"id":"evt_1","type":"user.created","__proto__":{"data":{}}}',
  }),
];

const keyCases = keyed({
  'the id of the envelope, not that of data': { rawBody: envelope({ data: { id: 'usr_1' } }), id: 'evt_1' },
  'the id of the envelope, not event_id': { rawBody: envelope({ event_id: 'evt_2' }), id: 'evt_1' },
  'the last of two ids': { rawBody: envelopeWith('"id":"evt_2"'), id: 'evt_2' },
  'a sound id after a faulty one': {
    rawBody: '{"id":null,"id":"evt_3","type":"user.created","data":{}}',
    id: 'evt_3',
  },
  'an id with capitals and spaces, unchanged': { rawBody: envelope({ id: ' EVT_1 ' }), id: ' EVT_1 ' },
  'an id that is not normalised': { rawBody: envelope({ id: 'e\u0301vt' }), id: 'e\u0301vt' },
});

const openCases = accepted('open', {
  'a type that is not known': envelope({ type: 'galaxy.exploded' }),
  'a type without dots': envelope({ type: 'ping' }),
  'fields that are not known': envelope({
    spec_version: '9',
    environment_id: 7,
    attempt: [1],
    Id: {},
    '': 0,
  }),
  'the fields in another order':
    '{"data":{},"type":"user.created","created":"2024-01-15T10:30:00Z","id":"evt_1"}',
  'the event of the overview': envelope({
    type: 'user.authenticated',
    created: '2024-01-15T10:30:00Z',
    data: { userId: 'usr_1234567890', organizationId: 'org_1234567890', email: 'user@example.com' },
  }),
});

export const envelopeCases: readonly EnvelopeCase[] = [
  ...utf8Cases,
  ...jsonCases,
  ...depthCases,
  ...objectCases,
  ...nameCases,
  ...dataCases,
  ...dateCases,
  ...prototypeCases,
  ...keyCases,
  ...openCases,
];
