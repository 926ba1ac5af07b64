export default { definitions: "./definitions.ts" };
