/** A table as its file holds it. */
export interface ConformanceFile {
  readonly suite: string;
  readonly seed?: number;
  readonly cases: readonly ConformanceCase[];
  readonly graphs?: Readonly<Record<string, unknown>>;
}

export interface ConformanceCase<Given = Readonly<Record<string, unknown>>, Expect = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly given: Given;
  readonly expect: Expect;
  readonly quirk?: string;
  readonly documented?: Expect;
}

/** How a case went; `rule`: the wanted deviation that it was judged by, a heading of docs/deviations.md. */
export type Verdict =
  | { readonly passed: true; readonly rule?: string }
  | { readonly passed: false; readonly expected: unknown; readonly actual: unknown; readonly rule?: string };

/** Judges the cases of the tables of one name. */
export interface Suite {
  readonly name: string;
  /** Names of the wanted deviations that it knows: headings of docs/deviations.md. */
  readonly rules: readonly string[];
  /** @param expect - what is expected: the documented answer where the table has one */
  judge(test: ConformanceCase, expect: ConformanceCase["expect"], file: ConformanceFile, files: readonly ConformanceFile[]): Verdict;
}
