import type { Document } from "yaml";
import { nearest } from "../base/did-you-mean.js";
import { ConfigError, messageOf } from "../base/errors.js";
import type { ConfigEntry } from "./config.js";

/** Run configuration as it is written. */
export interface RunConfig {
  /** By asset key. */
  readonly assets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** By the name of the resource's class. */
  readonly resources?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Run configuration as code gives it: `[configFor(ref, {...}), configFor(AppApi, {...})]`, or written out. */
export type RunConfigInput = RunConfig | readonly ConfigEntry[];

const PARTS = ["assets", "resources"];

/**
 * Run configuration from the text of a YAML or JSON file.
 * @throws {@link ConfigError} with file, line and column when it is malformed, or when it has another shape
 */
export function parseRunConfig(text: string, source: { readonly file: string; readonly format: "yaml" | "json" }): RunConfig {
  // Required here, not above: most runs have no such file.
  const { parseDocument } = require("yaml") as typeof import("yaml");
  const document = parseDocument(text, { schema: source.format === "json" ? "json" : "core", prettyErrors: true });
  const [fault] = document.errors;
  if (fault) {
    const [start] = fault.linePos ?? [];
    const at = start ? `:${start.line}:${start.col}` : "";
    throw new ConfigError(
      "CONFIG.MALFORMED",
      `${source.file}${at} is not well-formed ${source.format.toUpperCase()}: ${withoutPlace(fault.message)}`,
      {
        fix: "Correct the text at that place.",
      },
    );
  }
  return checkRunConfig(plainOf(document, source) ?? {}, source.file);
}

/** The parser's sentence and the line that it points into; the place itself is told before. */
function withoutPlace(message: string): string {
  const [sentence = "", ...frame] = message.split("\n").filter((line) => line.trim() !== "");
  return [sentence.replace(/ at line \d+, column \d+:?$/, ""), ...frame.map((line) => `  ${line}`)].join("\n");
}

/** The document as data; aliases are followed here, so a missing or an exploding one shows only now. */
function plainOf(document: Document, source: { readonly file: string; readonly format: "yaml" | "json" }): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw new ConfigError("CONFIG.MALFORMED", `${source.file} is not well-formed ${source.format.toUpperCase()}: ${messageOf(error)}.`, {
      fix: "Write the values out in place of the aliases.",
      cause: error,
    });
  }
}

/** Refuses what has not the shape of run configuration. */
export function checkRunConfig(given: unknown, where: string): RunConfig {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ConfigError("CONFIG.SHAPE", `${where} is no run configuration.`, {
      fix: "Write { assets: { <key>: {...} }, resources: { <Name>: {...} } }.",
    });
  }
  for (const [part, entries] of Object.entries(given)) {
    if (!PARTS.includes(part)) {
      const near = nearest(part, PARTS);
      throw new ConfigError("CONFIG.SHAPE", `${where} has "${part}", which run configuration has not.`, {
        fix: near ? `Did you mean "${near}"?` : "It has assets and resources.",
      });
    }
    const holder: unknown = entries;
    if (!isMapping(holder) || !Object.values(holder).every(isMapping)) {
      throw new ConfigError("CONFIG.SHAPE", `"${part}" of ${where} is no mapping of names to fields.`, {
        fix: `Write ${part}: { name: { field: value } }.`,
      });
    }
  }
  return given as RunConfig;
}

function isMapping(thing: unknown): thing is object {
  return typeof thing === "object" && thing !== null && !Array.isArray(thing);
}
