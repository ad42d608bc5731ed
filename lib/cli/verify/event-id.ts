/** The id that the body holds, if it holds one. */
export function eventIdIn(body: Buffer): string | undefined {
  try {
    const event = JSON.parse(body.toString('utf8')) as { id?: unknown } | null;
    return typeof event?.id === 'string' ? event.id : undefined;
  } catch {
    return undefined;
  }
}
