/** With fewer characters than this around an unfilled variable, the whole can be guessed. */
const SHORTEST_REST = 16;

/** Words of documentation and sample files. None is made of others, so that a text is read in one way only. */
const WORDS =
  'your|my|our|the|an|this|that|it|me|here|there|goes|with|from|for|to|in|of|on|is|not|no|set|please|must|should|will|' +
  'change|changed|replace|replaced|insert|enter|put|paste|fill|update|rotate|remove|removed|redacted|hidden|masked|' +
  'todo|tbd|tba|fixme|example|sample|placeholder|dummy|fake|mock|demo|foo|bar|baz|qux|default|temp|tmp|test|tests|' +
  'testing|unknown|missing|empty|unset|blank|undefined|null|none|nil|nan|void|true|false|object|function|promise|' +
  'whsec|secret|secrets|key|keys|token|password|passwd|passw0rd|pass|phrase|pwd|credential|credentials|signature|' +
  'signing|webhook|webhooks|hook|scalekit|svix|endpoint|endpoints|api|app|client|server|string|value|name|variable|' +
  'env|environment|config|dev|development|prod|production|stage|staging|local|localhost|live|sandbox|' +
  'super|very|top|safe|secure|insecure|private|public|real|actual|some|something|anything|whatever|' +
  'abc|abcd|qwerty|letmein|welcome|admin|hello|world';

/** Words and what joins them; a number of up to four digits counts as a word. A dot joins no words. */
const ONLY_WORDS = new RegExp(
  `^(?=.*[a-z])(?:${WORDS}|(?<![a-z])(?:a|be|add)(?![a-z])|(?<!x)x{2,}(?!x)|` +
    '(?<!\\d)(?:\\d{1,4}|12345\\d*)(?!\\d)|(?<!\\.)\\.{2,}(?!\\.)|[^\\p{L}\\p{N}.])+$',
  'iu',
);
/** The test secret of Scalekit's own SDK: a warning says what it can't be used for. */
const SDK_TEST_SECRET = 'test-secret';

/** What stands for a value that is not there, within a text. */
const GAPS = [
  /undefined/gi,
  /(?<![a-z\d])(?:null|NaN)(?![a-z\d])/gi,
  /\[object [A-Z]\w*\]/g,
  /[$#]\{\s*\w{3,}(?:[.:|?!+=-][^{}]*)?\s*\}/g,
  /\{\{\s*[$.]?\w[^{}]*\}\}/g,
  /\$\(\s*\w+\s*\)/g,
  /<%[=-]?\s*\w[^%]*%>/g,
  /\*{3,}|•{2,}|\.{3,}|…|x{6,}/gi,
];

/** Texts that are the name of a secret, or of the place where it is kept, or code. */
const NAMES = [
  /^\$[A-Z_][A-Z\d_]*$/,
  /^\$env:\w+$/i,
  /^%\w+%$/,
  /^%\(\w+\)s$/,
  /^@\w+@$/,
  /^__\w+__$/,
  /^[<[{(][\p{L}\p{N}_ .:'-]*[>\]})]$/u,
  /^(?=.*(?:SECRET|KEY|TOKEN|PASSWORD|WEBHOOK|SCALEKIT))[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/,
  /^(?:process\.env|import\.meta\.env|os\.environ|env|secrets|vars)[.:[(]/i,
  /^!(?:ref|sub|env|secret|vault|getatt)\b/i,
  /^@Microsoft\.KeyVault\(/i,
  /^(?:https?|file|op|vault|ref\+\w+|sm|ssm|secretsmanager|gcp|aws|akv|doppler):\/\//i,
  /^arn:aws[\w-]*:/,
  /^\/(?:run|etc|var|mnt)\/[\w./-]+$/,
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
/** As many letters in a row may be a short secret. */
const LONGEST_LETTER_SEQUENCE = 8;

/**
 * True for texts that stand where a secret should be, such as `undefined`, `[object Object]`, `<name>`, `changeme`,
 * `your-secret-here` or `xxxxxxxx`. Anybody can guess them, and sign with them. A random text is none: when the words
 * and gaps are taken out of it, too much is left.
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
  return rest !== text && rest.replace(/[-_ .:]/g, '').length < SHORTEST_REST;
}

/** One character over and over. 32 hex digits without a prefix may be a key of 16 equal bytes, and are left alone. */
function isRepetition(secret: string): boolean {
  return /^(?:whsec_)*([!-~•●·█])(?:\1|[-_ .:])*$/u.test(secret) && !/^[a-f]{32,}$/.test(secret);
}

function isSequence(text: string): boolean {
  const characters = text.toLowerCase().replace(/[-_ .:]/g, '');
  const isLong = /\d/.test(characters) || characters.length > LONGEST_LETTER_SEQUENCE;
  return isLong && SEQUENCES.some((sequence) => sequence.includes(characters));
}
