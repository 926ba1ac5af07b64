/** A file that could not be imported, and why. */
export interface ImportFailure {
  readonly file: string;
  readonly error: unknown;
}

let gathered: ImportFailure[] | undefined;

/** Runs `body`; files that `loadPipelines` cannot import meanwhile go into `failures` in place of being thrown, so that the others can be looked at too. */
export async function gatherImportFailures<T>(failures: ImportFailure[], body: () => Promise<T>): Promise<T> {
  const outer = gathered;
  gathered = failures;
  try {
    return await body();
  } finally {
    gathered = outer;
  }
}

/** Tells of failures where someone gathers them. @returns false when nobody does */
export function tellImportFailures(failures: readonly ImportFailure[]): boolean {
  gathered?.push(...failures);
  return gathered !== undefined;
}
