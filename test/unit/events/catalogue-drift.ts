import ts from 'typescript';

/** The part of JSON Schema that Scalekit's API reference uses. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'boolean';
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
}

interface Facts {
  readonly path: string;
  readonly symbol: ts.Symbol;
  readonly type: ts.Type;
  documented: boolean;
  required: boolean;
  nullable: boolean;
}

type Example = Readonly<Record<string, unknown>>;

/**
 * Compares types with the schemas and examples that they were written from, and lists where they differ.
 *
 * Several events share an interface, so what is said of its properties is gathered from all of them first: one is
 * known if one of them has it, nullable if one says so, and required if all do.
 */
export class CatalogueDrift {
  private readonly differences = new Set<string>();
  private readonly facts = new Map<ts.Node, Facts>();

  constructor(private readonly checker: ts.TypeChecker) {}

  /** Without a schema, in a document of examples only, what all examples have is required. */
  compare(path: string, type: ts.Type, schema: Schema | undefined, examples: readonly unknown[]): void {
    const kinds = new Set(examples.filter((each) => each !== null).map(kindOf));
    if (schema?.type) kinds.add(schema.type);
    for (const kind of kinds) {
      if (!this.isOfKind(type, kind))
        this.differs(path, `is documented as ${kind}, the type is ${this.text(type)}`);
    }
    if (schema?.enum) this.compareEnum(path, type, schema.enum);
    if (this.checker.isArrayType(type)) this.compareItems(path, type, schema, examples);
    else if (kinds.has('object')) this.compareProperties(path, type, schema, examples.filter(isRecord));
  }

  /** All differences, once everything has been compared. */
  report(): string[] {
    for (const { path, symbol, type, documented, required, nullable } of this.facts.values()) {
      const isRequired = (symbol.flags & ts.SymbolFlags.Optional) === 0;
      const isNullable = membersOf(type).some((each) => has(each, ts.TypeFlags.Null));
      if (!isReadonly(symbol)) this.differs(path, 'is not readonly');
      if (!documented) {
        this.differs(path, 'is in no schema and no example');
        continue;
      }
      if (required !== isRequired) this.differs(path, required ? 'is required' : 'is optional');
      if (nullable !== isNullable) this.differs(path, nullable ? 'may be null' : 'is never null');
    }
    return [...this.differences].sort();
  }

  private compareEnum(path: string, type: ts.Type, values: readonly string[]): void {
    const known = membersOf(type).flatMap((each) => (each.isStringLiteral() ? [each.value] : []));
    if (known.length !== values.length || !values.every((each) => known.includes(each))) {
      this.differs(path, `is one of ${values.join(', ')}, the type knows ${known.join(', ')}`);
    }
    const isOpen = membersOf(type).some((each) => !each.isStringLiteral());
    // By the type of an event its payload is told: it alone is closed.
    const isToBeOpen = !path.endsWith(':type');
    if (isOpen !== isToBeOpen) this.differs(path, isToBeOpen ? 'is to be open' : 'is to be closed');
  }

  private compareItems(
    path: string,
    type: ts.Type,
    schema: Schema | undefined,
    examples: readonly unknown[],
  ): void {
    if (!this.text(type).startsWith('readonly ')) this.differs(path, 'is a list that can be changed');
    const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
    if (!item || has(item, ts.TypeFlags.Unknown)) return;
    const items = examples.flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []));
    this.compare(`${path}[]`, item, schema && (schema.items ?? {}), items);
  }

  private compareProperties(
    path: string,
    type: ts.Type,
    schema: Schema | undefined,
    examples: readonly Example[],
  ): void {
    const separator = path.includes(':') ? '.' : ':';
    const names = new Set([
      ...Object.keys(schema?.properties ?? {}),
      ...examples.flatMap((each) => Object.keys(each)),
    ]);
    const isMap = this.checker.getIndexInfosOfType(type).length > 0;
    for (const name of names) {
      const isKnown = isMap || this.checker.getPropertyOfType(type, name) !== undefined;
      if (!isKnown) this.differs(path + separator + name, 'is missing from the type');
    }
    for (const property of this.checker.getPropertiesOfType(type)) {
      this.compareProperty(path + separator + property.name, property, schema, examples);
    }
  }

  private compareProperty(
    path: string,
    property: ts.Symbol,
    schema: Schema | undefined,
    examples: readonly Example[],
  ): void {
    const type = this.checker.getTypeOfSymbol(property);
    const facts = this.factsOf(path, property, type);
    const said = schema?.properties?.[property.name];
    const shown = examples.filter((each) => property.name in each).map((each) => each[property.name]);
    if (!said && shown.length === 0) return;

    facts.documented = true;
    facts.nullable ||= said?.nullable === true || shown.includes(null);
    facts.required &&= schema
      ? schema.required?.includes(property.name) === true
      : shown.length === examples.length;
    this.compare(path, this.checker.getNonNullableType(type), schema && (said ?? {}), shown);
  }

  private factsOf(path: string, symbol: ts.Symbol, type: ts.Type): Facts {
    const declaration = symbol.declarations?.[0];
    if (!declaration) throw new Error(`${path} is declared nowhere.`);
    const facts = this.facts.get(declaration) ?? {
      path,
      symbol,
      type,
      documented: false,
      required: true,
      nullable: false,
    };
    this.facts.set(declaration, facts);
    return facts;
  }

  private isOfKind(type: ts.Type, kind: string): boolean {
    if (kind === 'array') return this.checker.isArrayType(type);
    if (kind === 'string') return membersOf(type).every(isText);
    if (kind === 'boolean') return membersOf(type).every((each) => has(each, ts.TypeFlags.BooleanLike));
    return kind === 'object' && !this.checker.isArrayType(type) && has(type, ts.TypeFlags.Object);
  }

  private text(type: ts.Type): string {
    return this.checker.typeToString(type);
  }

  private differs(path: string, how: string): void {
    this.differences.add(`${path} ${how}`);
  }
}

function membersOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function has(type: ts.Type, flags: ts.TypeFlags): boolean {
  return (type.flags & flags) !== 0;
}

/** `string & {}` is an intersection. */
function isText(type: ts.Type): boolean {
  return has(type, ts.TypeFlags.StringLike) || (type.isIntersection() && type.types.some(isText));
}

function isReadonly(symbol: ts.Symbol): boolean {
  const declarations = symbol.declarations ?? [];
  return declarations.every((each) => (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Readonly) !== 0);
}

function isRecord(value: unknown): value is Example {
  return kindOf(value) === 'object' && value !== null;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
