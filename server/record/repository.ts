import { formatSearchQuery, OperationOutcomeError, type SearchRequest, type WithId } from "@medplum/core";
import { FhirRepository } from "@medplum/fhir-router";
import type { Bundle, Reference, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "./context.ts";
import { houseKind } from "./house/index.ts";
import { answerTerminology, type TerminologyPlace } from "./operations/terminology.ts";
import { outcomeOf, outcomeOfError } from "./outcome.ts";
import { within } from "./reach.ts";
import { readResource, readVersions, unknownType } from "./read.ts";
import { historyBundle } from "./search/bundle.ts";
import { searchables } from "./search/index.ts";

/** Told of errors that are ours; the asker learns only that there was one. */
export type Report = (error: unknown) => void;

/**
 * The repository that the router reads and searches: telemetry and registries behind one request's patient view.
 * There is nothing to write: every other method refuses.
 */
export class RecordRepository extends FhirRepository {
  readonly #context: RecordContext;
  readonly #report: Report;
  /** What is found is sent, and not looked into. */
  readonly #asText: boolean;

  constructor(context: RecordContext, report: Report, { asText = false } = {}) {
    super();
    this.#context = context;
    this.#report = report;
    this.#asText = asText;
  }

  setMode(): void {}

  /** @param pairs names and values as they stood in the address and the body */
  searchPairs(type: string, pairs: Iterable<readonly [string, string]>): Promise<Bundle> {
    return this.#guard(async () => {
      const searchable = Object.hasOwn(searchables, type) ? searchables[type] : undefined;
      if (!searchable) throw unknownType();
      // What the house makes beside what is written narrows each by itself.
      const context = houseKind(type) ? this.#context : within(this.#context, type, "s");
      return searchable.search(context, pairs, { asText: this.#asText });
    });
  }

  terminology(place: TerminologyPlace, query: URLSearchParams): Promise<Resource> {
    return this.#guard(async () => answerTerminology(this.#context, place, query, undefined));
  }

  async search<T extends Resource>(request: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const pairs = new URLSearchParams(formatSearchQuery(request));
    return (await this.searchPairs(request.resourceType, pairs)) as Bundle<WithId<T>>; // of the type that was asked for
  }

  readResource<T extends Resource>(type: string, id: string): Promise<WithId<T>> {
    return this.#guard(async () => (await readResource(within(this.#context, type, "r", id), type, id)) as WithId<T>);
  }

  readReference<T extends Resource>(reference: Reference<T>): Promise<WithId<T>> {
    const [type = "", id = ""] = (reference.reference ?? "").split("/");
    return this.readResource<T>(type, id);
  }

  readReferences<T extends Resource>(references: readonly Reference<T>[]): Promise<(T | Error)[]> {
    return Promise.all(references.map((one) => this.readReference<T>(one).catch((error: Error) => error)));
  }

  /** Of an amended reading every version that may be seen; of other resources the one that stands now. */
  readVersion<T extends Resource>(type: string, id: string, versionId: string): Promise<WithId<T>> {
    return this.#guard(async () => {
      const versions = await readVersions(within(this.#context, type, "r", id), type, id);
      const resource = versions.find(({ meta }) => meta?.versionId === versionId);
      if (!resource) throw new RefusedInput("NOT_FOUND");
      return resource as WithId<T>;
    });
  }

  generateId(): string {
    throw notSupported();
  }

  readHistory<T extends Resource>(type: T["resourceType"], id: string): Promise<Bundle<WithId<T>>> {
    // Of the others only what stands now is kept in a form that could be read: half a history would be a false one.
    if (!HAS_HISTORY.has(type)) return Promise.reject(notSupported());
    return this.#guard(async () => {
      const context = within(this.#context, type, "r", id);
      const versions = await readVersions(context, type, id);
      return historyBundle(context, versions) as Bundle<WithId<T>>; // of the type that was asked for
    });
  }

  createResource<T extends Resource>(): Promise<WithId<T>> {
    return Promise.reject(notSupported());
  }

  updateResource<T extends Resource>(): Promise<WithId<T>> {
    return Promise.reject(notSupported());
  }

  patchResource<T extends Resource>(): Promise<WithId<T>> {
    return Promise.reject(notSupported());
  }

  deleteResource(): Promise<void> {
    return Promise.reject(notSupported());
  }

  searchByReference<T extends Resource>(): Promise<Record<string, WithId<T>[]>> {
    return Promise.reject(notSupported());
  }

  withTransaction<R>(): Promise<R> {
    return Promise.reject(notSupported());
  }

  /** The router would show an unknown error's text to the asker as a bad request. */
  async #guard<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (!outcome) this.#report(error);
      throw new OperationOutcomeError(outcome ?? outcomeOf("INTERNAL_ERROR"), { cause: error });
    }
  }
}

/** Types of which every version is kept. */
const HAS_HISTORY: ReadonlySet<string> = new Set(["Observation", "Consent"]);

function notSupported(): OperationOutcomeError {
  return new OperationOutcomeError(outcomeOf("NOT_SUPPORTED", { expected: "read or search" }));
}
