/** A text with an unfilled variable can be guessed if it has fewer other characters than this. */
const SHORTEST_REST = 16;

/** Words of documentation and sample files. No word is made of others, so the pattern can't backtrack for long. */
const WORDS =
  'your|my|our|the|an|this|that|it|me|here|there|goes|with|from|for|to|in|of|on|is|not|no|set|please|must|should|will|' +
  'change|changed|replace|replaced|insert|enter|put|paste|fill|update|rotate|remove|removed|redacted|hidden|masked|' +
  'todo|tbd|tba|fixme|example|sample|placeholder|dummy|fake|mock|demo|foo|bar|baz|qux|default|temp|tmp|test|tests|' +
  'testing|unknown|missing|empty|unset|blank|undefined|null|none|nil|nan|void|true|false|object|function|promise|' +
  'whsec|secret|secrets|key|keys|token|password|passwd|passw0rd|pass|phrase|pwd|credential|credentials|signature|' +
  'signing|webhook|webhooks|hook|scalekit|svix|endpoint|endpoints|api|app|client|server|string|value|name|variable|' +
  'env|environment|config|dev|development|prod|production|stage|staging|local|localhost|live|sandbox|' +
  'super|very|top|safe|secure|insecure|private|public|real|actual|some|something|anything|whatever|' +
  'abc|abcd|abcdef|qwerty|letmein|welcome|admin|hello|world|iloveyou|keyboard|cat|deadbeef|cafebabe|' +
  'dashboard|bit|bits|any|copy|get|see|vault|configure|generate|generated|random|long|shh+';

/** Words and separators. A number of up to four digits counts as a word; a single dot is not a separator. */
const ONLY_WORDS = new RegExp(
  `^(?=.*[a-z]{3})(?:${WORDS}|(?<![a-z\\d])(?:a|be|add)(?![a-z\\d])|(?<!x)x{2,}(?!x)|` +
    '(?<!\\d)(?:\\d{1,4}|12345\\d*)(?!\\d)|(?<!\\.)\\.{2,}(?!\\.)|[^\\p{L}\\p{N}.])+$',
  'iu',
);
/** The test secret of Scalekit's own SDK is accepted, with a warning about what it can't be used for. */
const SDK_TEST_SECRET = 'test-secret';

/** Marks of a missing value inside a text. */
const GAPS = [
  /undefined/gi,
  /(?<![a-z\d])null(?![a-z\d])/gi,
  /(?<![A-Za-z\d])NaN(?![A-Za-z\d])/g,
  /\[object [A-Z]\w*\]/g,
  /[$#]\{\s*\w{3,}(?:[.:|?!+=-][^{}]*)?\s*\}/g,
  /\{\{\s*[$.]?\w[^{}]*\}\}/g,
  /\$\(\s*\w{3,}\s*\)/g,
  /<%[=-]?\s*\w{3}[^%]*%>/g,
  /\*{3,}|•{2,}|\.{3,}|…|x{6,}/gi,
];
/** What is around a gap: a part of a secret or of a name. Random punctuation around it makes a real secret likely. */
const AROUND_GAP = /^(?:[\w+/=. :-]*|.{1,4})$/;

/** The name of a secret, the place where it is kept, or code. */
const NAMES = [
  /^\$[A-Z_][A-Z\d_]*$/,
  /^\$env:\w+$/i,
  /^%\w+%$/,
  /^%\(\w+\)s$/,
  /^@\w+@$/,
  /^__\w+__$/,
  /^(?=[<[{(][\p{L}\p{N}_ .:'-]*.$)(?:<.*>|\[.*\]|\{.*\}|\(.*\))$/u,
  /^(?=.*(?:SECRET|KEY|TOKEN|PASSWORD|WEBHOOK|SCALEKIT))[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/,
  /^(?:process\.env|import\.meta\.env|os\.environ|env|enc|secrets|vars)[.:[(]/i,
  /^[A-Za-z]\w*(?:\.\w+)+\((["']).*\1\)$/,
  /^[$#]\{[A-Za-z]\w{2,}.*\}$/,
  /^\$\([a-z]\w+ .*\)$|^`\w+ .*`$/,
  /^\{ *["'][A-Za-z]\w+["'] *:/,
  /^!(?:ref|sub|env|secret|vault|getatt)\b/i,
  /^@Microsoft\.KeyVault\(/i,
  /^(?:[a-z][a-z\d+.-]+:\/\/|vault:|arn:aws[\w-]*:|-----BEGIN |\$ANSIBLE_VAULT;)/i,
  /^(?:\/(?:run|etc|var|mnt|secrets|home|opt|tmp)|\.{1,2})\/[\w./-]+$|^[A-Z]:\\[\w .\\-]+$/,
  /^projects\/[\w-]+\/secrets\//,
  /^(?:async\s+)?(?:function\s*\w*\s*\(|(?:\([^)]*\)|\w+\s)\s*=>)|^class\s[\w\s]*\{|^Symbol\(/,
  /^\[(?:AsyncFunction|Function|class|Circular|Getter)\b[^\]]*\]/,
  /^Promise \{/,
];

const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz0123456789012345678901234567890abcdefghijklmnopqrstuvwxyz',
  '0123456789abcdef'.repeat(4),
  '123456789'.repeat(4),
  '98765432109876543210',
  'qwertyuiopasdfghjklzxcvbnm',
];
/** An alphabetical run of up to this many letters may be a real, short secret. */
const LONGEST_LETTER_SEQUENCE = 8;

/**
 * True for a text that takes the place of a secret, such as `undefined`, `[object Object]`, `<name>`, `changeme`,
 * `your-secret-here` or `xxxxxxxx`. Anybody can guess it and sign with it. A random text is not a placeholder: too much
 * of it is left when words and gaps are removed.
 */
export function isPlaceholder(secret: string): boolean {
  const text = secret.replace(/^whsec_/, '');
  if (text.length > 200 || text === SDK_TEST_SECRET) {
    return false;
  }
  const isName = NAMES.some((name) => name.test(text));
  return isName || ONLY_WORDS.test(text) || hasGap(text) || isRepetition(secret) || isSequence(text);
}

function hasGap(text: string): boolean {
  const rest = GAPS.reduce((left, gap) => left.replace(gap, ''), text);
  const isShort = rest.replace(/[-_ .:]/g, '').length < SHORTEST_REST;
  return rest !== text && isShort && AROUND_GAP.test(rest);
}

/** One character, repeated. 32 hex digits without a prefix may be a key of 16 equal bytes and are allowed. */
function isRepetition(secret: string): boolean {
  return /^(?:whsec_)*([!-~•●·█])(?:\1|[-_ .:])*$/u.test(secret) && !/^[a-f]{32,}$/.test(secret);
}

function isSequence(text: string): boolean {
  const characters = text.toLowerCase().replace(/[-_ .:]/g, '');
  const isLong = /\d/.test(characters) || characters.length > LONGEST_LETTER_SEQUENCE;
  return isLong && SEQUENCES.some((sequence) => sequence.includes(characters));
}
