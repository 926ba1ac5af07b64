import { IsString } from "class-validator";
import { ConfigurableResource } from "../../../src/config/configurable-resource.js";
import { UnknownFieldsError } from "../../../src/config/unknown-fields-error.js";

class Api extends ConfigurableResource {
  @IsString() baseUrl!: string;
  port = 80;
  tag?: string;
  #limit = 1;
  get limit(): number {
    return this.#limit;
  }
  set limit(limit: number) {
    this.#limit = limit;
  }
  go(): void {}
}

function refusal(declare: () => unknown): string {
  try {
    declare();
  } catch (error) {
    if (error instanceof UnknownFieldsError) return error.message.replace(/:\d+\)/g, ":LINE)");
    throw error;
  }
  return "accepted";
}

it("refuses fields that a resource has not where they stand, all in one error", () => {
  expect(refusal(() => Api.with({ baseUrls: "x", port: 1, go: 1, far: 2 } as never))).toBe(
    'Api.with (__tests__/src/config/unknown-fields-error.test.ts:LINE): Api has no field "baseUrls" (did you mean "baseUrl"?) and no field "go" and no field "far".\n' +
      "  → Its fields are baseUrl, port, tag, limit. A field needs a validation rule or a default to be known.",
  );
});

it("says so when a resource has no field", () => {
  class Empty extends ConfigurableResource {}
  expect(refusal(() => Empty.with({ a: 1 } as never))).toBe(
    'Empty.with (__tests__/src/config/unknown-fields-error.test.ts:LINE): Empty has no field "a".\n  → It has none. A field needs a validation rule or a default to be known.',
  );
});

it("accepts every field of the class, accessors and fields without a rule included", () => {
  expect(refusal(() => Api.with({ baseUrl: "x", port: 1, tag: "t", limit: 3 }))).toBe("accepted");
});
