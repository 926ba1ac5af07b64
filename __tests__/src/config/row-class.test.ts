import "reflect-metadata";
import { IsInt, IsOptional, IsString } from "class-validator";
import { schemaOfRowClass } from "../../../src/config/row-class";
import { Column } from "../../../runtime/entries/index";

class Base {
  @Column({ description: "Number of the order" }) @IsInt() id!: number;
  @Column("decimal(12,2)?") amount!: string | null;
}
class Order extends Base {
  @Column() placedAt!: Date;
  @Column() paid!: boolean;
  @Column() weight!: number;
  @Column() total!: bigint;
  @Column({ nullable: true, tags: { pii: "yes" } }) email!: string;
  @Column("list<struct<sku: string, count: int32>>") lines!: object[];
  @IsString() @IsOptional() note?: string;
}

it("a row class gives its fields as columns, those of its parents first, by @Column, rule and type", () => {
  expect(schemaOfRowClass(Order).columns).toEqual([
    { name: "id", type: "int64", nullable: false, description: "Number of the order" },
    { name: "amount", type: "decimal(12,2)", nullable: true },
    { name: "placedAt", type: "timestamptz", nullable: false },
    { name: "paid", type: "boolean", nullable: false },
    { name: "weight", type: "float64", nullable: false },
    { name: "total", type: "bigint", nullable: false },
    { name: "email", type: "string", nullable: true, tags: { pii: "yes" } },
    { name: "lines", type: "list<struct<sku: string, count: int32>>", nullable: false },
    { name: "note", type: "string", nullable: true },
  ]);
  expect(schemaOfRowClass(Base).columns).toHaveLength(2);
});

it("a class without columns, or with one whose type nothing tells, is refused", () => {
  class Empty {}
  class Vague {
    @Column() lines!: object[];
  }
  expect(() => schemaOfRowClass(Empty)).toThrow(
    "Class Empty describes no rows: none of its fields has @Column or a validation rule.\n  → Put @Column() before each field that is a column.",
  );
  expect(() => schemaOfRowClass(Vague)).toThrow(
    'Nothing tells which type column "lines" of class Vague has.\n  → Name it, e.g. @Column("string") or @Column({ type: "json" }), before the field.',
  );
});
