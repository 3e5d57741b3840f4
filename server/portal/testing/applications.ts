import { RefusedInput } from "@openward/errors";
import type { Application, Applications } from "../ports/index.ts";

/** As server/access/oauth/clients.ts, without its checks. */
export function applicationsInMemory({
  now,
  id,
}: {
  readonly now: () => number;
  readonly id: () => string;
}): Applications {
  const known = new Map<string, Application>();
  const need = (clientId: string): Application => {
    const found = known.get(clientId);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "client" });
    return found;
  };
  return {
    list: async () => [...known.values()],
    lastTokens: async () => new Map(),
    async add(_, { jwks: _keys, ...given }) {
      const client: Application = {
        launchUri: null,
        jwksUri: null,
        mayIntrospect: false,
        redirectUris: [],
        ...given,
        id: id(),
        createdAt: now(),
        disabledAt: null,
      };
      known.set(client.id, client);
      return { client, ...(given.kind === "secret" ? { secret: "a-secret" } : {}) };
    },
    async disable(_, clientId) {
      known.set(clientId, { ...need(clientId), disabledAt: now() });
    },
    rotate: async (_, clientId) => (need(clientId).kind === "secret" ? { secret: "another-secret" } : {}),
    ofPerson: async () => [],
    endForPerson: async () => {},
    scopeInWords: (scope) => `in words: ${scope}`,
  };
}
