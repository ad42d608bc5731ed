/** What an error says. Handlers may throw anything, also what has no text. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message || error.name : textOf(error);
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value}`;
  }
}
