/** An event with more words would block the event loop for too long. */
const MAX_WORDS = 10_000;
/** Longer words are encoded data, which can't be checked: they are always redacted. */
const LONGEST_WORD = 100;
/** Shorter parts of a word reveal nothing. */
const SHORTEST_PART = 4;
const SHORTEST_NUMBER = 6;
export const REDACTED = '[redacted]';

/** Letters and digits, and what stands for them in URLs (`%40`) and in JSON (`\u00e9`, `\n`). */
const WORD = /(?:\\u[\da-f]{4}|\\[bfnrtv]|%[\da-f]{2}|[\p{L}\p{N}\p{M}])+/giu;
const PLAIN_WORD = /[\p{L}\p{N}\p{M}]+/gu;
const LATIN = /^[\p{Script=Latin}\p{N}]+$/u;
const SEVERAL_REDACTED = /\[redacted\](?:[^\p{L}\p{N}\s]{0,3}\s?[^\p{L}\p{N}\s]{0,3}\[redacted\])+/gu;

/** Fields of an envelope that name no person. */
const IMPERSONAL = new Set(['id', 'type', 'object', 'spec_version']);

/** Words that documented fields are named with. In a field's name they identify nobody. */
const FIELD_WORDS = new Set(
  (
    'absolute account accounts active address addresses agent amount at attribute attributes authenticated authentication ' +
    'authorization browser by center changes city code connected connection connections cost count country ' +
    'created create custom data date deleted department description details device directories directory disabled display ' +
    'displayname division domain domains dp email emails employee enabled environment event events expired expires ' +
    'extends external family features field fields first formatted full gender given group groups ' +
    'guid id identifier identities identity idle ids ip is item items job key keys label language last latitude level ' +
    'list locale location login logout longitude manager member members membership memberships metadata method middle ' +
    'mobile name names nickname note notes number object occurred of old order org organization ' +
    'organizations os owner permission permissions phone phones photo picture plan postal preferred primary profile ' +
    'profiles properties property provider raw reason record region role roles schema schemas secret session ' +
    'sessions settings short social source spec state status street subdivision synced tag tags team teams tenant text ' +
    'time timestamp title to token tokens txt type types update updated uri url used user username users uuid ' +
    'value values verification verified version website work zip zone zoneinfo'
  ).split(' '),
);

/**
 * The words of an event that may identify somebody: those of all values, and of keys beyond the usual words of field
 * names. One rule finds them in other texts: a word is personal when it is one of these, when four of its characters or
 * more are a part of one of these, or when one of these, of four characters or more, is a part of it. Letter case and
 * accents don't matter; scripts that write several words as one have no shortest part.
 */
export class PersonalWords {
  private readonly words = new Set<string>();
  private text = '';

  /** Undefined for an event that is too large. */
  static of(event: unknown): PersonalWords | undefined {
    const personal = new PersonalWords();
    const open: unknown[] = [event];
    for (const value of open) {
      if (Array.isArray(value)) {
        open.push(...(value as unknown[]).slice(0, MAX_WORDS + 1));
      } else if (typeof value === 'object' && value !== null) {
        for (const [key, child] of Object.entries(value) as [string, unknown][]) {
          if (value !== event || !IMPERSONAL.has(key)) {
            open.push(child);
            personal.addKey(key);
          }
        }
      } else if (typeof value === 'string' || typeof value === 'number') {
        personal.add(String(value));
      }
      if (open.length > MAX_WORDS || personal.words.size > MAX_WORDS) {
        return undefined;
      }
    }
    personal.text = [...personal.words].join('\n');
    return personal;
  }

  /** The text without the personal words. */
  cleanse(text: string): string {
    const known = new Map<string, boolean>();
    const cleansed = text.replace(WORD, (word) => {
      const isPersonal = known.get(word) ?? this.holds(word);
      known.set(word, isPersonal);
      return isPersonal ? REDACTED : word;
    });
    return cleansed.replace(SEVERAL_REDACTED, REDACTED);
  }

  /** A key with other characters than names are made of, such as an e-mail address, is no name of a field. */
  private addKey(key: string): void {
    const isName = /^[\w-]*$/.test(key);
    for (const word of wordsOf(key.replace(/([a-z])(?=[A-Z])/g, '$1 '))) {
      if (!isName || !FIELD_WORDS.has(word)) {
        this.words.add(word);
      }
    }
  }

  private add(text: string): void {
    const words = wordsOf(text);
    for (const word of [...words, ...joinedDigits(words)]) {
      this.words.add(word);
    }
  }

  private holds(written: string): boolean {
    return (
      written.length > LONGEST_WORD ||
      [...wordsOf(written), ...wordsOf(decode(written))].some((word) => this.isPersonal(word))
    );
  }

  private isPersonal(word: string): boolean {
    const shortest = LATIN.test(word) ? SHORTEST_PART : 1;
    if (word.length < shortest) {
      return word.length > 1 && !/^\d\d$/.test(word) && this.words.has(word);
    }
    return this.text.includes(word) || partsOf(word, shortest).some((part) => this.words.has(part));
  }
}

/** Without regard to letter case and accents. */
function wordsOf(text: string): string[] {
  return (text.match(PLAIN_WORD) ?? []).map((word) =>
    word.toUpperCase().toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC'),
  );
}

/** A phone or card number as others write it: without what separates its groups, and from any of them on. */
function joinedDigits(groups: readonly string[]): readonly string[] {
  const isNumber = groups.length > 1 && groups.length <= 10 && groups.every((group) => /^\d+$/.test(group));
  const tails = isNumber ? groups.map((_, from) => groups.slice(from).join('')) : [];
  return tails.filter((digits) => digits.length >= SHORTEST_NUMBER);
}

function partsOf(word: string, shortest: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start + shortest <= word.length; start++) {
    for (let end = start + shortest; end <= word.length; end++) {
      parts.push(word.slice(start, end));
    }
  }
  return parts;
}

function decode(text: string): string {
  return text
    .replace(/\\u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\[bfnrtv]/g, ' ')
    .replace(/(?:%[\da-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'));
}
