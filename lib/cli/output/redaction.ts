const PLACEHOLDER = '[secret]';
/** Shorter texts occur in ordinary words, and are no secrets. */
const SHORTEST = 6;
/** Whatever looks like a secret, whether or not it is the one that was given: a mistyped option may hold it. */
const LOOKS_SECRET = /wh(?:sec|sk|pk)_[\w+/=-]{6,}/g;

/** Takes secrets out of texts, in the forms in which a text may hold them. */
export class Redaction {
  private readonly secrets: string[] = [];

  add(secret: string): void {
    const core = secret.trim().replace(/^["'`]+|["'`]+$/g, '');
    const forms = [secret, core, core.replace(/^(?:whsec_)+/, '')];
    const written = forms.flatMap((form) => [
      form,
      JSON.stringify(form).slice(1, -1),
      encodeURIComponent(form),
    ]);
    this.secrets.push(...written.filter((form) => form.length >= SHORTEST));
    this.secrets.sort((a, b) => b.length - a.length);
  }

  apply(text: string): string {
    return this.secrets
      .reduce((current, secret) => current.replaceAll(secret, PLACEHOLDER), text)
      .replace(LOOKS_SECRET, PLACEHOLDER);
  }
}
