/** What `@first @second class Target {}` does, or with a method the same before that. */
export function decorate(decorators, target, method) {
  for (const decorator of decorators.reverse()) {
    if (method === undefined) {
      decorator(target);
    } else {
      decorator(target.prototype, method, Object.getOwnPropertyDescriptor(target.prototype, method));
    }
  }
}
