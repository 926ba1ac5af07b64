import type { Declaration } from "./declaration.js";

const SLOT = Symbol.for("millrace/declarations");

/** Writes a declaration into the holder's own slot: the prototype's for methods and parameters, the class's for the class itself. */
export function declare(holder: object, declaration: Declaration): void {
  if (!Object.hasOwn(holder, SLOT)) Object.defineProperty(holder, SLOT, { value: [], configurable: true });
  (holder as { [SLOT]: Declaration[] })[SLOT].push(declaration);
}

/** The declarations that stand on this very prototype or class, in the order of their making; those of base classes are theirs. */
export function ownDeclarations(holder: object): readonly Declaration[] {
  return Object.hasOwn(holder, SLOT) ? (holder as { [SLOT]: Declaration[] })[SLOT] : [];
}
