import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Bundle, CapabilityStatement, Resource } from "@medplum/fhirtypes";
import { Client } from "fhir-kit-client";

// Its types bring a browser's globals along, for the whole program.
const FHIR = createRequire(import.meta.url)("fhirclient");

export interface Server {
  /** With /fhir. */
  readonly base: string;
  readonly token: string;
}

/** What the interactions are driven with; each client speaks its own dialect of HTTP. */
export interface Driver {
  readonly name: string;
  read(type: string, id: string): Promise<Resource>;
  vread(type: string, id: string, version: string): Promise<Resource>;
  create(resource: object, headers?: Record<string, string>): Promise<Resource>;
  update(resource: object, headers?: Record<string, string>): Promise<Resource>;
  updateWhere(type: string, query: Record<string, string>, resource: object): Promise<Resource>;
  patch(type: string, id: string, operations: object[]): Promise<Resource>;
  delete(type: string, id: string): Promise<unknown>;
  deleteWhere(url: string): Promise<unknown>;
  history(path: string): Promise<Bundle>;
  bundle(bundle: object): Promise<Bundle>;
  search(type: string, query: Record<string, string>): Promise<Bundle>;
  searchByPost(type: string, query: Record<string, string>): Promise<Bundle>;
  /** All matches of all pages. */
  everyPage(type: string, query: Record<string, string>): Promise<{ pages: number; resources: Resource[] }>;
  operation(path: string, method: "GET" | "POST", input?: object): Promise<Resource>;
  capabilities(): Promise<CapabilityStatement>;
  /** Where a SMART launch is sent to. */
  authorizeUrl(): Promise<string>;
  statusOf(error: unknown): number | undefined;
}

const parametersIn = (query: Record<string, string>) => new URLSearchParams(query).toString();

/** fhir-kit-client, as an integration. */
export function kit({ base, token }: Server): Driver {
  const client = new Client({ baseUrl: base, bearerToken: token });
  // Its types are looser than R4: what it gives is what the server sent.
  const as = <T>(answer: Promise<unknown>) => answer as Promise<T>;
  return {
    name: "fhir-kit-client",
    read: (resourceType, id) => as(client.read({ resourceType, id })),
    vread: (resourceType, id, version) => as(client.vread({ resourceType, id, version })),
    create: (resource, headers = {}) =>
      as(client.create({ resourceType: typeOf(resource), body: resource as never, options: { headers } })),
    update: (resource, headers = {}) =>
      as(
        client.update({
          resourceType: typeOf(resource),
          id: String((resource as Resource).id),
          body: resource as never,
          options: { headers },
        }),
      ),
    updateWhere: (resourceType, searchParams, resource) =>
      as(client.update({ resourceType, searchParams, body: resource as never })),
    patch: (resourceType, id, jsonPatch) => as(client.patch({ resourceType, id, jsonPatch: jsonPatch as never })),
    delete: (resourceType, id) => client.delete({ resourceType, id }),
    deleteWhere: (url) => client.request(url, { method: "DELETE" }),
    history(path) {
      const [resourceType, id] = path.split("/");
      if (resourceType && id) return as(client.history({ resourceType, id }));
      return as(resourceType ? client.history({ resourceType }) : client.history());
    },
    bundle: (bundle) =>
      as(
        (bundle as Bundle).type === "batch"
          ? client.batch({ body: bundle as never })
          : client.transaction({ body: bundle as never }),
      ),
    search: (resourceType, searchParams) => as(client.search({ resourceType, searchParams })),
    searchByPost: (resourceType, searchParams) =>
      as(client.search({ resourceType, searchParams, options: { postSearch: true } })),
    async everyPage(resourceType, searchParams) {
      const resources: Resource[] = [];
      let pages = 0;
      let page: Bundle | undefined = await as<Bundle>(client.search({ resourceType, searchParams }));
      for (; page; page = await as<Bundle | undefined>(client.nextPage({ bundle: page as never }) as never)) {
        pages++;
        resources.push(...matches(page));
      }
      return { pages, resources };
    },
    operation(path, method, input) {
      const [name = "", id, resourceType] = path.split("/").reverse();
      const isOfType = resourceType === undefined;
      const place = isOfType ? { resourceType: id as string } : { resourceType, id: id as string };
      return as(client.operation({ name, method, ...place, ...(input && { input: input as never }) }));
    },
    capabilities: () => as(client.capabilityStatement()),
    authorizeUrl: async () => String((await client.smartAuthMetadata()).authorizeUrl),
    statusOf: (error) => (error as { response?: { status?: number } }).response?.status,
  };
}

/** fhirclient, as an application of a server. */
export function smart({ base, token }: Server): Driver {
  const storage = new Map<string, unknown>();
  const api = (request: object, response: object) =>
    FHIR(request, response, {
      get: async (key: string) => storage.get(key),
      set: async (key: string, value: unknown) => storage.set(key, value) && value,
      unset: async (key: string) => storage.delete(key),
    });
  const client = api({ headers: { host: "app.example" }, socket: {}, url: "/" }, {}).client({
    serverUrl: base,
    tokenResponse: { access_token: token },
  });
  const json = { "content-type": "application/fhir+json" };
  const send = <T>(
    method: string,
    url: string,
    body?: object | string,
    headers: Record<string, string> = {},
  ): Promise<T> =>
    client.request({
      url,
      method,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : json), ...headers },
    });
  return {
    name: "fhirclient",
    read: (type, id) => client.request(`${type}/${id}`),
    vread: (type, id, version) => client.request(`${type}/${id}/_history/${version}`),
    create: (resource, headers = {}) => client.create(resource, { headers: { ...json, ...headers } }),
    update: (resource, headers = {}) => client.update(resource, { headers: { ...json, ...headers } }),
    updateWhere: (type, query, resource) => send("PUT", `${type}?${parametersIn(query)}`, resource),
    patch: (type, id, operations) => client.patch(`${type}/${id}`, operations),
    delete: (type, id) => client.delete(`${type}/${id}`),
    deleteWhere: (url) => client.delete(url),
    history: (path) => client.request(`${path === "" ? "" : `${path}/`}_history`),
    bundle: (bundle) => send("POST", "", bundle),
    search: (type, query) => client.request(`${type}?${parametersIn(query)}`),
    searchByPost: (type, query) =>
      send("POST", `${type}/_search`, parametersIn(query), { "content-type": "application/x-www-form-urlencoded" }),
    async everyPage(type, query) {
      const resources: Resource[] = [];
      let pages = 0;
      for await (const page of client.pages(`${type}?${parametersIn(query)}`)) {
        pages++;
        resources.push(...matches(page as Bundle));
      }
      return { pages, resources };
    },
    operation: (path, method, input) =>
      method === "POST"
        ? send("POST", path, input)
        : client.request(`${path}${input ? `?${parametersIn(input as Record<string, string>)}` : ""}`),
    capabilities: () => client.request("metadata"),
    async authorizeUrl() {
      // An application in Node: the library discovers, and answers the browser with where to go.
      const pages = createServer((request, response) => {
        const { authorize } = api(request, response);
        authorize({ clientId: "nobody", iss: base, scope: "launch/patient patient/*.rs", redirectUri: "/app" });
      });
      await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
      const { port } = pages.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/launch`, { redirect: "manual" });
      pages.closeAllConnections();
      pages.close();
      return answer.headers.get("location") ?? "";
    },
    statusOf: (error) => (error as { statusCode?: number }).statusCode,
  };
}

export const typeOf = (resource: object) => (resource as Resource).resourceType;
/** What was found, without remarks. */
export const matches = ({ entry = [] }: Bundle): Resource[] =>
  entry.flatMap(({ resource, search }) => (resource && search?.mode !== "outcome" ? [resource] : []));
