/** What the compiler writes for a type that is no class of the author's. */
export const BUILT_IN = new Set<unknown>([
  Object,
  Array,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Function,
  Promise,
  Map,
  Set,
  Date,
  RegExp,
  Error,
  Buffer,
  Uint8Array,
]);

/** How to get the compiler to write parameter types. */
export const METADATA_FIX =
  "Run it through millrace/register (`node --import millrace/register …`): tsx and esbuild write no parameter types. With a compiler of your own, set in tsconfig.json:\n" +
  '       "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true, "verbatimModuleSyntax": false }';

/** How to keep the import of a class whose name the types show as something else. */
export const IMPORT_FIX =
  "If it is a class, import it without `type` (the lint rule consistent-type-imports and the setting verbatimModuleSyntax take such imports away); in tsconfig.json:\n" +
  '       "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true, "verbatimModuleSyntax": false }';
