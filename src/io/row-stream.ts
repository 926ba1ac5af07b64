export { RowStream } from "../model/row-stream.js";
