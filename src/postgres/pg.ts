/** The driver, loaded when it is first needed: who uses no Postgres never loads it. */
export function pg(): typeof import("pg") {
  // Not import(): it fails in a Jest without --experimental-vm-modules, where users test their pipelines.
  return require("pg") as typeof import("pg");
}
