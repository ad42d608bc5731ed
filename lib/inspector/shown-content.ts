const MAX_VALUE = 200;
/** Enough to compare two of them. */
const SIGNATURE_START = 16;
const IDS = ['webhook-id', 'webhook-timestamp', 'svix-id', 'svix-timestamp'];
const SIGNATURES = ['webhook-signature', 'svix-signature', 'scalekit-signature', 'x-scalekit-signature'];
const OTHERS = ['content-type', 'content-length', 'content-encoding', 'user-agent'];
const NAMES = [...IDS, ...SIGNATURES, ...OTHERS];
/** HTTP allows it in no header. */
const SEPARATOR = '\0';

/** The headers that matter of a delivery, which nobody has to vouch for: in one text, which is less to keep than many. */
export function keptHeaders(headers: unknown): string {
  const all = (typeof headers === 'object' && headers !== null ? headers : {}) as Readonly<
    Record<string, unknown>
  >;
  return NAMES.map((name) => textOf(all[name])).join(SEPARATOR);
}

/** One character more than is shown, which tells that there is more. */
function textOf(value: unknown): string {
  const text: unknown = Array.isArray(value) ? value.join(', ') : value;
  return typeof text !== 'string' ? '' : text.length <= MAX_VALUE ? text : text.slice(0, MAX_VALUE + 1);
}

export function shownHeaders(kept: string): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  kept.split(SEPARATOR).forEach((text, index) => {
    const name = NAMES[index] ?? '';
    const most = SIGNATURES.includes(name) ? SIGNATURE_START : MAX_VALUE;
    if (text !== '') {
      shown[name] = text.length > most ? `${text.slice(0, most)}…` : text;
    }
  });
  return shown;
}

const HIDDEN = '[hidden]';
/** In the name of a field, or of an attribute that is a pair of name and value. */
const SECRET_NAME =
  /secret|token|passw|passphrase|passcode|credential|authorization|cookie|api[-_ ]?key|private[-_ ]?key|signing[-_ ]?key|otp\b/i;
/** Signing secrets, JSON web tokens and private keys, under whatever name. */
const SECRET_VALUE =
  /whsec_[\w+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g;

const MAX_BYTES = 65_536;
const MAX_TEXT = 2_000;
const MAX_NAME = 200;
const MAX_MEMBERS = 200;

/** The event as JSON text to be read by people: without secrets, and cut where it is long. */
export function payloadText(event: unknown): string {
  const text = JSON.stringify(new Copy().of(event, 0), null, 2);
  return text.length > MAX_BYTES ? `${text.slice(0, MAX_BYTES)}\n… (${text.length - MAX_BYTES} more)` : text;
}

class Copy {
  private left = MAX_BYTES;

  of(value: unknown, depth: number): unknown {
    this.left -= 2 * depth;
    if (typeof value === 'string') {
      return this.text(value, MAX_TEXT);
    }
    if (typeof value !== 'object' || value === null) {
      this.left -= 8;
      return value;
    }
    if (this.left < 0) {
      return '…';
    }
    if (Array.isArray(value)) {
      const items = (value as unknown[]).slice(0, MAX_MEMBERS).map((item) => this.of(item, depth + 1));
      return value.length > MAX_MEMBERS ? [...items, `… (${value.length - MAX_MEMBERS} more)`] : items;
    }
    const isSecretPair = ['name', 'key', 'attribute'].some((name) => isSecretName(Reflect.get(value, name)));
    const members = Object.entries(value);
    const shown = members.slice(0, MAX_MEMBERS).map(([name, member]) => {
      const isHidden = isSecretName(name) || (isSecretPair && name === 'value');
      return [this.text(name, MAX_NAME), isHidden ? HIDDEN : this.of(member, depth + 1)] as const;
    });
    const more = members.length - shown.length;
    return Object.fromEntries(more > 0 ? [...shown, ['…', `${more} more`]] : shown);
  }

  private text(text: string, most: number): string {
    const room = Math.min(most, Math.max(0, this.left));
    const shown = text.slice(0, room).replace(SECRET_VALUE, HIDDEN);
    this.left -= shown.length + 4;
    return text.length > room ? `${shown}… (${text.length - room} more)` : shown;
  }
}

function isSecretName(name: unknown): boolean {
  return typeof name === 'string' && SECRET_NAME.test(name);
}
