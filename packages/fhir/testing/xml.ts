import { SaxesParser, type SaxesTagPlain } from "saxes";
import { type Fhir, FhirDecimal, type FhirObject } from "../json/index.ts";
import { elementOf } from "../path/index.ts";

export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
  /** Text of the element itself. */
  readonly text: string;
  /** As it stands in the document. */
  readonly outer: string;
}

export function parseXml(text: string): Node {
  const parser = new SaxesParser();
  const open: { name: string; attributes: Record<string, string>; children: Node[]; text: string; start: number }[] =
    [];
  let root: Node | undefined;
  let start = 0;
  parser.on("opentagstart", (tag) => {
    start = text.lastIndexOf(`<${tag.name}`, parser.position);
  });
  parser.on("opentag", ({ name, attributes }: SaxesTagPlain) => {
    open.push({ name, attributes: { ...attributes }, children: [], text: "", start });
  });
  const append = (more: string) => {
    const at = open.at(-1);
    if (at) at.text += more;
  };
  parser.on("text", append);
  parser.on("cdata", append);
  parser.on("closetag", () => {
    const { start: from, ...node } = open.pop()!;
    const done = { ...node, outer: text.slice(from, parser.position) };
    const parent = open.at(-1);
    if (parent) parent.children.push(done);
    else root = done;
  });
  parser.write(text).close();
  if (!root) throw new Error("no element");
  return root;
}

/** A resource of FHIR's XML as FHIR's JSON. */
export const resourceOf = (node: Node): FhirObject => ({ resourceType: node.name, ...complexOf(node, node.name) });

function complexOf(node: Node, type: string): FhirObject {
  const object: FhirObject = {};
  if (node.attributes.id !== undefined && type !== "Resource") object.id = node.attributes.id;
  if (node.attributes.url !== undefined) object.url = node.attributes.url;
  for (const child of node.children) {
    const definition = elementOf(type, child.name) ?? choice(type, child.name);
    if (!definition) throw new Error(`${type} has no ${child.name}`);
    const { value, extra } = elementValue(child, definition.type);
    if (!definition.repeats) {
      if (value !== null) object[child.name] = value;
      if (extra !== null) object[`_${child.name}`] = extra;
      continue;
    }
    object[child.name] ??= [];
    const list = object[child.name] as Fhir[];
    list.push(value);
    if (extra !== null && object[`_${child.name}`] === undefined)
      object[`_${child.name}`] = list.slice(1).map(() => null);
    if (object[`_${child.name}`] !== undefined) (object[`_${child.name}`] as Fhir[]).push(extra);
  }
  return object;
}

function elementValue(node: Node, type: string): { value: Fhir; extra: Fhir } {
  if (type === "Resource") return { value: node.children[0] ? resourceOf(node.children[0]) : null, extra: null };
  if (type === "xhtml") return { value: node.outer, extra: null };
  if (!/^(?:System\.|[a-z])/.test(type)) return { value: complexOf(node, type), extra: null };
  const extra = complexOf(node, "Element");
  const text = node.attributes.value;
  return {
    value: text === undefined ? null : primitiveOf(text, type),
    extra: Object.keys(extra).length > 0 ? extra : null,
  };
}

function primitiveOf(text: string, type: string): Fhir {
  if (type === "boolean") return text === "true";
  if (type === "decimal") return String(Number(text)) === text ? Number(text) : new FhirDecimal(text);
  return /^(?:integer|positiveInt|unsignedInt)$/.test(type) ? Number(text) : text;
}

function choice(type: string, name: string): { type: string; repeats: boolean } | undefined {
  for (let at = 1; at < name.length; at++) {
    const found = elementOf(type, name.slice(0, at));
    const suffix = name.slice(at);
    if (!found?.choices?.includes(suffix)) continue;
    const primitive = `${suffix[0]?.toLowerCase()}${suffix.slice(1)}`;
    return {
      type: /^(?:base64Binary|boolean|canonical|code|date|dateTime|decimal|id|instant|integer|markdown|oid|positiveInt|string|time|unsignedInt|uri|url|uuid)$/.test(
        primitive,
      )
        ? primitive
        : suffix,
      repeats: false,
    };
  }
  return undefined;
}
