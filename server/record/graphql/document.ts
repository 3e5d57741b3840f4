import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
} from "graphql";

/** Deeper than any resource, and a reference and a list on the way. */
export const DEPTH_MAX = 12;
/** Searches that stand in the text. */
export const SEARCHES_MAX = 20;
/** Fields after fragments are put in: what stands in a few lines of fragments can be millions. */
export const FIELDS_MAX = 2_000;
/** Reads and searches that may come of it, at twenty for a list. */
export const COST_MAX = 2_000;
const COUNT_DEFAULT = 20;

/** Why a document is not run. */
export class DocumentRefused extends Error {}

/** What would be read otherwise than meant, or evaluates what a stranger wrote. */
const ARGUMENTS_REFUSED: Readonly<Record<string, string>> = {
  _offset: "pages by _cursor of a Connection",
  _filter: "search parameters",
  fhirpath: "no expression",
};

const isSearch = ({ name: { value } }: FieldNode) => /^[A-Z]\w+(List|Connection)$/.test(value);

/**
 * Parses a document and holds it to its bounds.
 *
 * @throws DocumentRefused with what is expected
 */
export function readDocument(text: string): DocumentNode {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: 10_000 });
  } catch {
    throw new DocumentRefused("a GraphQL document");
  }
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) continue;
    if (one.kind !== Kind.OPERATION_DEFINITION) throw new DocumentRefused("queries and fragments");
    if (one.operation !== "query") throw new DocumentRefused("a query: what is written is written by REST");
    let [fields, searches, cost] = [0, 0, 0];
    const walk = (
      selections: readonly SelectionNode[],
      depth: number,
      times: number,
      within: readonly string[],
      isOfSchema = false,
    ): void => {
      for (const selection of selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          walk(selection.selectionSet.selections, depth, times, within, isOfSchema);
          continue;
        }
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const name = selection.name.value;
          const fragment = fragments.get(name);
          if (within.includes(name)) throw new DocumentRefused("no fragment within itself");
          if (fragment) walk(fragment.selectionSet.selections, depth, times, [...within, name], isOfSchema);
          continue;
        }
        if (++fields > FIELDS_MAX) throw new DocumentRefused(`at most ${FIELDS_MAX} fields`);
        // Every type, with every field and argument of each: 340 MB, which nobody waits for.
        if (isOfSchema && /^(fields|inputFields|args)$/.test(selection.name.value))
          throw new DocumentRefused("__type, of one type at a time");
        if (depth > DEPTH_MAX) throw new DocumentRefused(`at most ${DEPTH_MAX} levels`);
        for (const { name } of selection.arguments ?? []) {
          const instead = Object.hasOwn(ARGUMENTS_REFUSED, name.value) ? ARGUMENTS_REFUSED[name.value] : undefined;
          if (instead) throw new DocumentRefused(`${instead} in place of ${name.value}`);
        }
        let each = times;
        if (isSearch(selection)) {
          if (++searches > SEARCHES_MAX) throw new DocumentRefused(`at most ${SEARCHES_MAX} searches`);
          cost += times;
          each = times * countOf(selection);
        } else if (selection.name.value === "resource" || (depth === 1 && /^[A-Z]/.test(selection.name.value)))
          cost += times;
        if (cost > COST_MAX)
          throw new DocumentRefused(`at most ${COST_MAX} reads and searches, at _count or ${COUNT_DEFAULT} for a list`);
        const isSchema = isOfSchema || selection.name.value === "__schema";
        walk(selection.selectionSet?.selections ?? [], depth + 1, each, within, isSchema);
      }
    };
    walk(one.selectionSet.selections, 1, 1, []);
  }
  return document;
}

/** A variable may be as large as a page. */
function countOf({ arguments: all }: FieldNode): number {
  const value = all?.find(({ name }) => name.value === "_count")?.value;
  if (!value) return COUNT_DEFAULT;
  return value.kind === Kind.INT ? Math.max(1, Number(value.value)) : 1_000;
}

/** The alias under which a resource is asked for whose fields the question names. */
export const INSTANCE = "openwardInstance";

/** "{ name { family } }" of Patient/1 as "{ openwardInstance: Patient(id: "1") { name { family } } }". */
export function aboutInstance(document: DocumentNode, { type, id }: { type: string; id: string }): DocumentNode {
  const definitions = document.definitions.map((one) => {
    if (one.kind !== Kind.OPERATION_DEFINITION) return one;
    const field: FieldNode = {
      kind: Kind.FIELD,
      alias: { kind: Kind.NAME, value: INSTANCE },
      name: { kind: Kind.NAME, value: type },
      arguments: [
        { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: "id" }, value: { kind: Kind.STRING, value: id } },
      ],
      selectionSet: one.selectionSet,
    };
    const operation: OperationDefinitionNode = {
      ...one,
      selectionSet: { kind: Kind.SELECTION_SET, selections: [field] },
    };
    return operation;
  });
  return { ...document, definitions };
}

export const textOf = print;
