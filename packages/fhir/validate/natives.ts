import type { Holds } from "./invariants.ts";
import { isObject, type Json } from "./json.ts";

// The invariants that stand on nearly every resource, and those whose FHIRPath takes time that grows with the square of a
// resource, by the expression that they stand for. `natives.test.ts` asks the library the same about every example.

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const objects = (value: unknown): Json[] => list(value).filter(isObject);
/** A primitive exists with its value or with what is said about it. */
const has = (object: Json, key: string) => object[key] !== undefined || object[`_${key}`] !== undefined;
const hasChoice = (object: Json, start: string) => {
  for (const key in object) {
    if (
      key.startsWith(start, key[0] === "_" ? 1 : 0) &&
      /^[A-Z]/.test(key.slice(start.length + (key[0] === "_" ? 1 : 0)))
    ) {
      return true;
    }
  }
  return false;
};
const on =
  (test: (element: Json, resource: Json, root: Json) => boolean | undefined): Holds =>
  (element, { resource, root }) =>
    isObject(element) && isObject(resource) && isObject(root) ? test(element, resource, root) : undefined;
const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;
const someContained = (test: (one: Json) => boolean): Holds =>
  on(({ contained }) => contained === undefined || !objects(contained).some(test));

export const natives: Readonly<Record<string, Holds>> = {
  // dom-2, dom-4, dom-5
  "contained.contained.empty()": someContained((one) => one.contained !== undefined),
  "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": someContained(
    ({ meta }) => isObject(meta) && (has(meta, "versionId") || has(meta, "lastUpdated")),
  ),
  "contained.meta.security.empty()": someContained(({ meta }) => isObject(meta) && meta.security !== undefined),
  // dom-3
  "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()":
    on(({ contained }, resource) => contained === undefined || allReferred(objects(contained), resource)),
  // ref-1
  "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))":
    on(
      ({ reference }, _, { contained }) =>
        typeof reference !== "string" ||
        !reference.startsWith("#") ||
        // "#" alone is the resource that contains this one.
        reference === "#" ||
        objects(contained).some(({ id }) => id === reference.slice(1)),
    ),
  // qty-3, att-1, cpt-2, sqty-1
  "code.empty() or system.exists()": on((one) => !has(one, "code") || has(one, "system")),
  "data.empty() or contentType.exists()": on((one) => !has(one, "data") || has(one, "contentType")),
  "value.empty() or system.exists()": on((one) => !has(one, "value") || has(one, "system")),
  "comparator.empty()": on((one) => !has(one, "comparator")),
  // per-1
  "start.hasValue().not() or end.hasValue().not() or (start <= end)": on(
    ({ start, end }) => typeof start !== "string" || typeof end !== "string" || isNotAfter(start, end),
  ),
  // obs-3, obs-6, obs-7
  "low.exists() or high.exists() or text.exists()": on(
    (one) => has(one, "low") || has(one, "high") || has(one, "text"),
  ),
  "dataAbsentReason.empty() or value.empty()": on(
    (one) => one.dataAbsentReason === undefined || !hasChoice(one, "value"),
  ),
  "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()": on(
    (one, { code }) =>
      one.component === undefined || !hasChoice(one, "value") || !sharesCoding(objects(one.component), code),
  ),
  // vs-1, vs-2, vs-3
  "($this as dateTime).toString().length() >= 8": (element) => typeof element !== "string" || element.length >= 8,
  "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())": on(
    (one) =>
      one.component !== undefined ||
      one.hasMember !== undefined ||
      one.dataAbsentReason !== undefined ||
      hasChoice(one, "value"),
  ),
  "value.exists() or dataAbsentReason.exists()": on(
    (one) => one.dataAbsentReason !== undefined || hasChoice(one, "value"),
  ),
  // bdl-1, bdl-2, bdl-3, bdl-4, bdl-5, bdl-7, bdl-8
  "total.empty() or (type = 'searchset') or (type = 'history')": on(
    (one) => !has(one, "total") || one.type === "searchset" || one.type === "history",
  ),
  "entry.search.empty() or (type = 'searchset')": on(
    ({ entry, type }) => type === "searchset" || !objects(entry).some(({ search }) => search !== undefined),
  ),
  "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))":
    onEntries("request", ["batch", "transaction", "history"]),
  "entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = 'transaction-response' or %resource.type = 'history'))":
    onEntries("response", ["batch-response", "transaction-response", "history"]),
  "resource.exists() or request.exists() or response.exists()": on(
    (one) => one.resource !== undefined || one.request !== undefined || one.response !== undefined,
  ),
  "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()": on(
    ({ type, entry }) =>
      type === "history" ||
      distinct(
        objects(entry)
          .filter((one) => has(one, "fullUrl"))
          .map(({ fullUrl, resource }) => {
            const meta = isObject(resource) ? resource.meta : undefined;
            return `${fullUrl ?? ""}${(isObject(meta) ? meta.versionId : undefined) ?? ""}`;
          }),
      ),
  ),
  "fullUrl.exists() implies fullUrl.contains('/_history/').not()": on(
    ({ fullUrl }) => typeof fullUrl !== "string" || !fullUrl.includes("/_history/"),
  ),
  // pat-1, org-1, ipn-1
  "name.exists() or telecom.exists() or address.exists() or organization.exists()": on(
    (one) => has(one, "name") || has(one, "telecom") || has(one, "address") || has(one, "organization"),
  ),
  "(identifier.count() + name.count()) > 0": on((one) => has(one, "identifier") || has(one, "name")),
  // ctm-1, provenance-1: what a reference names is told by its text; nothing is fetched.
  "onBehalfOf.exists() implies (member.resolve().iif(empty(), true, ofType(Practitioner).exists()))": (element, at) => {
    if (!isObject(element) || element.onBehalfOf === undefined || !isObject(element.member)) return true;
    return (at.typeNamed(element.member.reference) ?? "Practitioner") === "Practitioner";
  },
  "who.exists((resolve() is Practitioner) or (resolve() is Device)) implies onBehalfOf.exists()": (element, at) => {
    if (!isObject(element) || element.onBehalfOf !== undefined || !isObject(element.who)) return true;
    return !["Practitioner", "Device"].includes(at.typeNamed(element.who.reference) ?? "");
  },
  // que-7: a boolean of FHIR is none of FHIRPath's, for the library; the specification means it.
  "operator = 'exists' implies (answer is Boolean)": on(
    ({ operator, answerBoolean }) => operator !== "exists" || answerBoolean !== undefined,
  ),
  // csd-1, que-2, sdf-16, sdf-17: distinct over many.
  "concept.code.combine($this.descendants().concept.code).isDistinct()": on(({ concept }) =>
    distinct(below(concept, "concept", "code")),
  ),
  "descendants().linkId.isDistinct()": on(({ item }) => distinct(below(item, "item", "linkId"))),
  "snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()": ofElements("snapshot"),
  "differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()":
    ofElements("differential"),
  // sdf-8, sdf-8a: each path begins with the first one.
  "(%resource.kind = 'logical' or element.first().path = %resource.type) and element.tail().all(path.startsWith(%resource.snapshot.element.first().path&'.'))":
    on(({ element }, { kind, type }) => {
      const [first, ...rest] = objects(element).map(({ path }) => String(path));
      return (kind === "logical" || first === type) && rest.every((path) => path.startsWith(`${first}.`));
    }),
  "(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and (element.tail().empty() or element.tail().all(path.startsWith(%resource.differential.element.first().path.replaceMatches('\\\\..*','')&'.')))":
    on(({ element }, { kind, type }) => {
      const [first = "", ...rest] = objects(element).map(({ path }) => String(path));
      const start = `${first.split(".")[0]}.`;
      return (kind === "logical" || first.startsWith(String(type))) && rest.every((path) => path.startsWith(start));
    }),
  // ig-1, ig-2: what resources name is in the guide.
  "resource.groupingId.all(%context.grouping.id contains $this)": on(({ resource, grouping }) => {
    const known = new Set(objects(grouping).map(({ id }) => id));
    return objects(resource).every(({ groupingId }) => groupingId === undefined || known.has(groupingId));
  }),
  "definition.resource.fhirVersion.all(%context.fhirVersion contains $this)": on(({ definition, fhirVersion }) => {
    const known = new Set(list(fhirVersion));
    const resources = isObject(definition) ? objects(definition.resource) : [];
    return resources.every((one) => list(one.fhirVersion).every((version) => known.has(version)));
  }),
  // eld-16, eld-19, eld-20: the library refuses their patterns, which ask that something in the text is a name.
  "sliceName.empty() or sliceName.matches('^[a-zA-Z0-9\\\\/\\\\-_\\\\[\\\\]\\\\@]+$')": on(
    ({ sliceName }) => typeof sliceName !== "string" || /^[a-zA-Z0-9/\-_[\]@]+$/.test(sliceName),
  ),
  "path.matches('[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\.[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*')":
    on(({ path }) => typeof path !== "string" || /[^\s.,:;'"/|?!@#$%&*()[\]{}]/.test(path)),
  "path.matches('[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*')": on(
    ({ path }) => typeof path !== "string" || /[A-Za-z]/.test(path),
  ),
  // Names of what is published, by machines.
  "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')": on(({ name }) => typeof name !== "string" || /[A-Z]/.test(name)),
};

function onEntries(part: string, types: readonly string[]): Holds {
  return on(({ entry, type }) => {
    const isWith = types.includes(String(type));
    return objects(entry).every((one) => (one[part] !== undefined) === isWith);
  });
}

function ofElements(part: string): Holds {
  return on((sd) => {
    const { [part]: held } = sd;
    const elements = isObject(held) ? objects(held.element) : [];
    return elements.every((one) => one.id !== undefined) && distinct(elements.map(({ id }) => id));
  });
}

/** Values of an element in a tree of the same element, without recursion: trees can be deep. */
function below(roots: unknown, children: string, value: string): unknown[] {
  const found: unknown[] = [];
  const open = objects(roots);
  for (let one = open.pop(); one; one = open.pop()) {
    if (one[value] !== undefined) found.push(one[value]);
    open.push(...objects(one[children]));
  }
  return found;
}

function sharesCoding(components: readonly Json[], code: unknown): boolean {
  const own = isObject(code) ? objects(code.coding).map((one) => JSON.stringify(sorted(one))) : [];
  if (own.length === 0) return false;
  return components.some(({ code: other }) => {
    return isObject(other) && objects(other.coding).some((one) => own.includes(JSON.stringify(sorted(one))));
  });
}

const sorted = (one: Json) => Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1));

/** Each contained resource is referred to, or refers to what contains it. */
function allReferred(contained: readonly Json[], resource: Json): boolean {
  const said = new Set<string>();
  gather(resource, said);
  return contained.every((one) => {
    if (typeof one.id !== "string") return true;
    if (said.has(`#${one.id}`)) return true;
    const own = new Set<string>();
    gather(one, own);
    return own.has("#");
  });
}

/** Texts that begin with "#": only references, canonicals and URIs do so with an id that is there. */
function gather(value: unknown, into: Set<string>): void {
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === "string") {
      if (one[0] === "#") into.add(one);
    } else if (Array.isArray(one)) for (const item of one) open.push(item);
    else if (isObject(one)) for (const key in one) open.push(one[key]);
  }
}

/** Times of different precision are compared as far as both say. */
function isNotAfter(start: string, end: string): boolean | undefined {
  if (start.length === end.length && (start.length <= 10 || (start.endsWith("Z") && end.endsWith("Z"))))
    return start <= end;
  const [a, b] = [Date.parse(start), Date.parse(end)];
  if (start.length > 10 && end.length > 10) return Number.isNaN(a) || Number.isNaN(b) ? undefined : a <= b;
  const length = Math.min(start.length, end.length, 10);
  const [from, to] = [start.slice(0, length), end.slice(0, length)];
  // FHIRPath: what the less precise one does not say leaves it open, and what is open holds.
  return from <= to;
}
