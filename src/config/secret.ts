const SECRETS = Symbol.for("millrace/secrets");

/** Marks a field whose value is masked wherever it could be seen. */
export function Secret(): PropertyDecorator {
  return (prototype, field) => {
    const holder = prototype as { [SECRETS]?: Set<string> };
    if (!Object.prototype.hasOwnProperty.call(prototype, SECRETS)) {
      Object.defineProperty(prototype, SECRETS, { value: new Set<string>(holder[SECRETS] ?? []), configurable: true });
    }
    holder[SECRETS]?.add(String(field));
  };
}

/** Names of the secret fields of a class, inherited ones included. */
export function secretFieldsOf(type: { readonly prototype: unknown }): ReadonlySet<string> {
  return (type.prototype as { [SECRETS]?: Set<string> } | undefined)?.[SECRETS] ?? new Set<string>();
}
