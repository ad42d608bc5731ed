/** One deliberate mistake: `search` occurs exactly once in the file and is replaced. */
export interface Mutation {
  readonly name: string;
  /** Below lib/signature/. */
  readonly file: string;
  readonly search: string;
  readonly replacement: string;
}

export function mutate(file: string, name: string, search: string, replacement: string): Mutation {
  return { name, file, search, replacement };
}
