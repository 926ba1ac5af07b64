import { createProject } from "../load/project";

const definitions = `
import { Asset, AssetContext, Definitions, Pipeline } from "millrace";

@Pipeline()
class Shop {
  @Asset()
  async orders(context: AssetContext): Promise<number> {
    for (let n = 1; n <= 3; n++) {
      context.log.info("page", { n });
      console.log("read " + n);
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate); // time for the lines to be stored and shown
    }
    return 3;
  }
}
export default new Definitions({ pipelines: [Shop] });
`;

it("shows what a step logs and prints once, and takes what it shows for no output of the step", () => {
  const project = createProject("module", { "definitions.ts": definitions });
  try {
    const millrace = (...args: string[]) => {
      const { stdout, stderr } = project.run(args.at(-1)!, {
        flags: ["node_modules/millrace/dist/runtime/cli/main.js", ...args.slice(0, -1)],
      });
      return { lines: stdout.split("\n"), stderr };
    };
    const { lines, stderr } = millrace("materialize", "orders");
    expect(stderr).toBe("");
    const shown = [1, 2, 3].flatMap((n) => [`  orders │ page {"n":${n}}`, `  orders │ read ${n}`]);
    expect(lines.filter((line) => line.startsWith("  orders"))).toEqual(shown);
    const { lines: kept } = millrace("logs", /^Run (\w+)/.exec(lines[0]!)![1]!);
    expect(kept.filter((line) => / (LOG|OUTPUT) /.test(line))).toHaveLength(6);
  } finally {
    project.remove();
  }
});
