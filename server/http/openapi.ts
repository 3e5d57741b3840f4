import { problemDetails, type Route } from "@openward/api";
import type { FastifyInstance } from "fastify";
import { type ZodType, z } from "zod";

type Json = Record<string, unknown>;

/** OpenAPI 3.1 of a route table: what the server checks is what the page says, from the same schemas. */
export function openApiOf(
  routes: Readonly<Record<string, Route>>,
  info: { version: string; serverUrl?: string },
): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Openward portal API",
      version: info.version,
      description: "What the portals call. Times are integer milliseconds UTC. Error codes: docs/errors.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: info.serverUrl ?? "/" }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "from `openward token issue`" },
        session: { type: "apiKey", in: "cookie", name: "openward_session", description: "from signing in" },
      },
      schemas: { Problem: schemaOf(problemDetails, "output") },
    },
  };
}

/** Serves the page; it holds no data, so it is public. */
export function serveOpenApi(
  app: FastifyInstance,
  routes: Readonly<Record<string, Route>>,
  info: { version: string },
): void {
  let page: string | undefined;
  app.get("/api/openapi.json", (_request, reply) => {
    page ??= JSON.stringify(openApiOf(routes, info));
    return reply.header("cache-control", "no-cache").type("application/json").send(page);
  });
}

function operation(name: string, route: Route): Json {
  const parameters = [
    ...[...route.path.matchAll(/:(\w+)/g)].map(([, param]) => ({
      name: param,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...queryParameters(route.query),
  ];
  const problems = {
    description: "Refused",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.path.split("/")[2] ?? "api"],
    ...(route.allow === "public"
      ? { security: [] }
      : { security: [{ token: [] }, { session: [] }], description: `Roles: ${route.allow.join(", ")}.` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body
      ? { requestBody: { required: true, content: { "application/json": { schema: schemaOf(route.body, "input") } } } }
      : {}),
    responses: {
      [route.status]:
        route.status === 204 ? { description: "Done" } : { description: "Done", content: contentOf(route) },
      default: problems,
    },
  };
}

function contentOf({ response, formats = [], file }: Route): Json {
  if (file !== undefined) return { [file]: { schema: { type: "string", format: "binary" } } };
  const schema = schemaOf(response, "output");
  return Object.fromEntries(["application/json", ...formats].map((type) => [type, { schema }]));
}

function queryParameters(query: ZodType | undefined): Json[] {
  if (!query) return [];
  const schema = schemaOf(query, "input") as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: "query",
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

function schemaOf(schema: ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
