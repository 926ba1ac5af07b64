import { describeIOManager } from "../../../../runtime/testing/io-manager-contract.js";
import { rowSchema } from "../../../../src/model/row-schema.js";
import { S3CsvIOManager } from "../../../../src/io/text/s3-csv-io-manager.js";
import { S3JsonLinesIOManager } from "../../../../src/io/text/s3-json-lines-io-manager.js";
import { S3_SERVERS, type S3Server } from "../../../../tools/servers/s3";

class Lines extends S3JsonLinesIOManager {
  end(): void {
    this.teardown();
  }
}
class Csv extends S3CsvIOManager {
  end(): void {
    this.teardown();
  }
}

const [[, start] = []] = S3_SERVERS;
const schema = rowSchema({ id: "int64", note: "string?" });
const rows = [
  [
    { id: 1, note: 'a,"b"\n' },
    { id: 2, note: "" },
    { id: 3, note: null },
  ],
  [{ id: 4, note: "x" }],
];
let server: S3Server;
let bucket: string;
let made: (Lines | Csv)[] = [];
let prefixes = 0;

beforeAll(async () => {
  if (!start) throw new Error("No S3 server is known.");
  server = await start();
  bucket = await server.bucket();
}, 600_000);
afterAll(() => server.stop());
afterEach(() => {
  for (const io of made) io.end();
  made = [];
});

function at<IO extends Lines | Csv>(io: IO): IO {
  const { endpoint, accessKeyId, secretAccessKey } = server;
  made.push(io);
  return Object.assign(io, { bucket, endpoint, accessKeyId, secretAccessKey, gzip: true, prefix: `text-${++prefixes}` });
}

describeIOManager("S3JsonLinesIOManager", () => at(new Lines()), { rows, schema });
describeIOManager("S3CsvIOManager", () => at(new Csv()), { rows, schema });
