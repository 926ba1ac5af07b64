import { Type } from "class-transformer";
import { ArrayMinSize, IsArray, IsEnum, IsInt, IsOptional, IsPositive, IsString, Length, ValidateNested } from "class-validator";
import { Config } from "../../../src/config/config.js";
import { jsonSchemaOf } from "../../../src/config/json-schema.js";
import { Secret } from "../../../src/config/secret.js";

enum Level {
  LOW,
  HIGH,
}

class Branch {
  @IsString() @Length(2, 5) name!: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Branch) children?: Branch[];
}

class FullConfig extends Config {
  @IsInt() @IsPositive() limit = 10;
  @IsEnum(Level) level!: Level;
  @IsArray() @ArrayMinSize(1) @IsInt({ each: true }) sizes: number[] = [1, 2];
  @ValidateNested() @Type(() => Branch) root!: Branch;
  @IsString() @Secret() token = "never shown";
  note?: string;
}

it("tells types, limits, lists, nested classes, defaults and secrets; a class that holds itself ends", () => {
  expect(jsonSchemaOf(FullConfig)).toEqual({
    type: "object",
    properties: {
      limit: { type: "integer", exclusiveMinimum: 0, default: 10 },
      level: { enum: [0, 1] },
      sizes: { type: "array", minItems: 1, items: { type: "integer" }, default: [1, 2] },
      root: {
        type: "object",
        properties: { name: { type: "string", minLength: 2, maxLength: 5 }, children: { type: "array", items: { type: "object" } } },
        required: ["name"],
        additionalProperties: false,
      },
      token: { type: "string", writeOnly: true, "x-millrace-secret": true },
      note: {},
    },
    required: ["level", "root"],
    additionalProperties: false,
  });
});

it("has nothing to tell of a class without fields", () => {
  class Empty extends Config {}
  expect(jsonSchemaOf(Empty)).toBeUndefined();
});
