import type { Mapping } from "./source-map.js";

/** A node of swc's syntax tree, as far as it is read here. Its span counts bytes, from 1. */
interface Node {
  readonly type: string;
  readonly span?: { readonly start: number };
  readonly [child: string]: unknown;
}

/** What one `_ts_decorate` call carries: the decorators of a member, or of a class, and of its parameters. */
interface Group {
  readonly at: Node;
  /** Absent: the class itself, or a member whose name is computed. */
  readonly member: string | undefined;
  readonly decorators: readonly Node[];
  readonly metadata: readonly Node[];
}

/**
 * The places of decorators, which swc's own map lacks: it would tell a decorator by the end of its class.
 * @param source - text and syntax tree of the TypeScript
 * @param code - text and syntax tree of what swc made of it
 */
export function decoratorPlaces(source: Parsed, code: Parsed): Mapping[] {
  const positionInSource = positions(source.text);
  const positionInCode = positions(code.text);
  const waiting = sourceGroups(source.tree);
  const places: Mapping[] = [];
  const add = (generated: Node, original: Node): void => {
    const [line, column] = positionInCode(generated);
    const [sourceLine, sourceColumn] = positionInSource(original);
    places.push({ line, column, sourceLine, sourceColumn });
  };
  for (const group of codeGroups(code.tree)) {
    const index = waiting.findIndex((each) => isSame(each, group));
    const [original] = index < 0 ? [] : waiting.splice(index, 1);
    if (!original) continue;
    add(group.at, original.at);
    for (const metadata of group.metadata) add(metadata, original.at);
    group.decorators.forEach((decorator, i) => addCall(decorator, original.decorators[i] ?? original.at, add));
  }
  return places;
}

/** A source with its syntax tree. */
export interface Parsed {
  readonly text: string;
  readonly tree: unknown;
}

function isSame(source: Group, code: Group): boolean {
  return source.member === code.member && source.decorators.length === code.decorators.length;
}

/** The arguments that are calls themselves are lost with the decorator; object literals are not. */
function addCall(generated: Node, original: Node, add: (generated: Node, original: Node) => void): void {
  add(generated, original);
  const [to, from] = [argumentsOf(generated), argumentsOf(original)];
  if (to.length === from.length) to.forEach((argument, i) => addCall(argument, from[i] ?? original, add));
}

/** In the order in which swc emits them: a class within a member comes before that member's own class. */
function sourceGroups(tree: unknown): Group[] {
  const groups: Group[] = [];
  visit(tree, (node, visitChildren) => {
    visitChildren();
    if (node.type !== "ClassDeclaration" && node.type !== "ClassExpression") return;
    for (const member of node.body as Node[]) groups.push(...memberGroup(member));
    const constructor = (node.body as Node[]).find(({ type }) => type === "Constructor");
    groups.push(...groupOf(node, [...decoratorsOf(node), ...parameterDecorators(constructor?.params)], undefined));
  });
  return groups;
}

function memberGroup(member: Node): Group[] {
  if (member.type === "Constructor" || member.key === undefined) return [];
  const method = member.function as Node | undefined;
  const decorators = [...decoratorsOf(method ?? member), ...parameterDecorators(method?.params)];
  return groupOf(member, decorators, nameOf(member.key as Node));
}

function groupOf(at: Node, decorators: readonly Node[], member: string | undefined): Group[] {
  return decorators.length === 0 ? [] : [{ at: decorators[0] ?? at, member, decorators, metadata: [] }];
}

function decoratorsOf(node: Node): Node[] {
  return ((node.decorators as Node[] | undefined) ?? []).map(({ expression }) => expression as Node);
}

function parameterDecorators(parameters: unknown): Node[] {
  return ((parameters as Node[] | undefined) ?? []).flatMap(decoratorsOf);
}

function nameOf(key: Node): string | undefined {
  return key.type === "Computed" ? undefined : String(key.value);
}

function codeGroups(tree: unknown): Group[] {
  const groups: Group[] = [];
  visit(tree, (node, visitChildren) => {
    if (calleeOf(node) === "_ts_decorate") groups.push(codeGroup(node));
    visitChildren();
  });
  return groups;
}

function codeGroup(call: Node): Group {
  const [list, , member] = argumentsOf(call);
  const elements = ((list?.elements as { expression: Node }[] | undefined) ?? []).map(({ expression }) => expression);
  const isMetadata = (element: Node): boolean => calleeOf(element) === "_ts_metadata";
  return {
    at: call,
    member: member?.type === "StringLiteral" ? String(member.value) : undefined,
    decorators: elements
      .filter((element) => !isMetadata(element))
      .map((element) => (calleeOf(element) === "_ts_param" ? (argumentsOf(element)[1] ?? element) : element)),
    metadata: elements.filter(isMetadata),
  };
}

function calleeOf(node: Node): unknown {
  return node.type === "CallExpression" ? (node.callee as Node).value : undefined;
}

function argumentsOf(node: Node): Node[] {
  return node.type === "CallExpression" ? (node.arguments as { expression: Node }[]).map(({ expression }) => expression) : [];
}

function visit(value: unknown, enter: (node: Node, visitChildren: () => void) => void): void {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Readonly<Record<string, unknown>>;
  const visitChildren = (): void => {
    for (const name in holder) if (typeof holder[name] === "object" && name !== "span") visit(holder[name], enter);
  };
  if (typeof holder.type === "string") enter(value as Node, visitChildren);
  else visitChildren();
}

/** Line and column of a node, from 0. */
function positions(text: string): (node: Node) => [line: number, column: number] {
  const bytes = Buffer.from(text);
  const starts = [0];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
  return (node) => {
    const offset = (node.span?.start ?? 1) - 1;
    const next = starts.findIndex((start) => start > offset);
    const line = (next < 0 ? starts.length : next) - 1;
    const start = starts[line] ?? 0;
    return [line, bytes.toString("utf8", start, offset).length];
  };
}
