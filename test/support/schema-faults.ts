/** The part of JSON Schema that Scalekit's API reference uses, to check values by. */
export interface ValueSchema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly additionalProperties?: boolean;
  readonly items?: ValueSchema;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly pattern?: string;
  readonly format?: string;
}

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/,
  email: /^[^@\s]+@[^@\s]+\.[a-z]+$/,
};

/** What is wrong with a value, by its schema. Fields that no schema names are faults, too, unless it is open. */
export function schemaFaults(value: unknown, schema: ValueSchema, path = ''): string[] {
  if (value === null) return schema.nullable ? [] : [`${path} is null`];
  const kind = Array.isArray(value) ? 'array' : typeof value;
  if (schema.type !== undefined && kind !== schema.type) return [`${path} is ${kind}, not ${schema.type}`];

  if (Array.isArray(value)) {
    return value.flatMap((each, index) => schemaFaults(each, schema.items ?? {}, `${path}[${index}]`));
  }
  if (typeof value === 'object') return objectFaults(value as Record<string, unknown>, schema, path);
  if (typeof value !== 'string') return [];

  const faults: string[] = [];
  if (schema.enum && !schema.enum.includes(value))
    faults.push(`${path} is none of ${schema.enum.join(', ')}`);
  if (schema.pattern && !new RegExp(schema.pattern).test(value))
    faults.push(`${path} is not ${schema.pattern}`);
  const format = FORMATS[schema.format ?? ''];
  if (format && !format.test(value)) faults.push(`${path} is no ${schema.format ?? ''}`);
  return faults;
}

function objectFaults(fields: Record<string, unknown>, schema: ValueSchema, path: string): string[] {
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(fields, name));
  const isOpen = schema.properties === undefined || schema.additionalProperties === true;
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(fields).flatMap(([name, value]) => {
      const known = schema.properties?.[name];
      if (known) return schemaFaults(value, known, `${path}.${name}`);
      return isOpen ? [] : [`${path}.${name} is not documented`];
    }),
  ];
}
