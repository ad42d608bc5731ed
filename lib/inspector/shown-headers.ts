const SHOWN = ['content-type', 'content-length', 'content-encoding', 'user-agent'];
const IDS = ['webhook-id', 'webhook-timestamp', 'svix-id', 'svix-timestamp'];
const SIGNATURES = ['webhook-signature', 'svix-signature', 'scalekit-signature', 'x-scalekit-signature'];
const MAX_VALUE = 200;
/** Enough to compare two of them. */
const SIGNATURE_START = 16;

/** The headers that matter of a delivery, which nobody has to vouch for. */
export function shownHeaders(headers: unknown): Readonly<Record<string, string>> {
  const all = typeof headers === 'object' && headers !== null ? headers : {};
  const shown = (names: readonly string[], most: number) =>
    names.flatMap((name) => {
      const value: unknown = Reflect.get(all, name);
      const text = Array.isArray(value) ? value.join(', ') : value;
      return typeof text === 'string' ? [[name, shorten(text, most)] as const] : [];
    });
  return Object.fromEntries([
    ...shown(IDS, MAX_VALUE),
    ...shown(SIGNATURES, SIGNATURE_START),
    ...shown(SHOWN, MAX_VALUE),
  ]);
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
