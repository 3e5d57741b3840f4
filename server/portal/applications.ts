import type { ApplicationBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { person } from "./account.ts";
import type { Handlers } from "./call.ts";
import type { Application, ApplicationKeys, Applications, AuditLog } from "./ports/index.ts";

type ApplicationRoutes =
  | "launchableApps"
  | "applications"
  | "addApplication"
  | "rotateApplication"
  | "disableApplication"
  | "ownApplications"
  | "endApplication";

/** Applications of other makers: registered, seen, changed and ended by an administrator, and each by whom it acts for. */
export function applicationHandlers(deps: {
  applications: Applications;
  audit: Pick<AuditLog, "search">;
}): Pick<Handlers, ApplicationRoutes> {
  const { applications, audit } = deps;

  const bodyOf = (one: Application, lastUsedAt: number | null): ApplicationBody => ({
    id: one.id,
    name: one.name,
    kind: one.kind,
    redirectUris: [...one.redirectUris],
    launchUri: one.launchUri,
    scopes: one.scope.split(" ").map((scope) => ({ scope, words: applications.scopeInWords(scope) })),
    jwksUri: one.jwksUri,
    mayIntrospect: one.mayIntrospect,
    createdAt: one.createdAt,
    disabledAt: one.disabledAt,
    lastUsedAt,
  });

  /** Of one that acts for nobody the log knows what it asked for; of the others their tokens tell. */
  async function lastUseOf(organisationId: string, { id, kind }: Application, tokens: ReadonlyMap<string, number>) {
    const [last] = kind === "backend" ? await audit.search(organisationId, { agentId: id, limit: 1 }) : [];
    const times = [last?.at, tokens.get(id)].filter((at) => at !== undefined);
    return times.length === 0 ? null : Math.max(...times);
  }

  async function find(organisationId: string, id: string): Promise<ApplicationBody> {
    const [all, tokens] = await Promise.all([
      applications.list(organisationId),
      applications.lastTokens(organisationId),
    ]);
    const one = all.find((known) => known.id === id);
    if (!one) throw new RefusedInput("NOT_FOUND", { at: "id" });
    return bodyOf(one, await lastUseOf(organisationId, one, tokens));
  }

  return {
    async launchableApps({ signedIn }) {
      const all = await applications.list(signedIn.organisation.id);
      return all
        .filter(({ launchUri, disabledAt }) => launchUri !== null && disabledAt === null)
        .map(({ id, name }) => ({ id, name }));
    },

    async applications({ signedIn }) {
      const { id: organisationId } = signedIn.organisation;
      const [all, tokens] = await Promise.all([
        applications.list(organisationId),
        applications.lastTokens(organisationId),
      ]);
      return Promise.all(all.map(async (one) => bodyOf(one, await lastUseOf(organisationId, one, tokens))));
    },

    async ownApplications({ signedIn }) {
      const own = await applications.ofPerson(signedIn.organisation.id, person(signedIn).id);
      return own.map((one) => ({ ...one, scopes: one.scopes.map(applications.scopeInWords) }));
    },

    async endApplication({ signedIn, params }) {
      await applications.endForPerson(signedIn.organisation.id, person(signedIn).id, params.id);
      return null;
    },

    async addApplication({ signedIn: { organisation, principal }, body }) {
      const { launchUri, jwks, jwksUri, ...rest } = body;
      const asked = { ...rest, ...(launchUri === undefined ? {} : { launchUri }), ...keysOf({ jwks, jwksUri }) };
      const { client, secret } = await applications.add(organisation.id, asked, principal.id);
      return { application: bodyOf(client, null), secret: secret ?? null };
    },

    async rotateApplication({ signedIn: { organisation, principal }, params, body }) {
      const { secret } = await applications.rotate(organisation.id, params.id, keysOf(body), principal.id);
      return { application: await find(organisation.id, params.id), secret: secret ?? null };
    },

    async disableApplication({ signedIn: { organisation, principal }, params }) {
      await applications.disable(organisation.id, params.id, principal.id);
      return find(organisation.id, params.id);
    },
  };
}

const keysOf = ({ jwks, jwksUri }: { jwks?: unknown; jwksUri?: string | undefined }): ApplicationKeys => ({
  ...(jwks === undefined ? {} : { jwks }),
  ...(jwksUri === undefined ? {} : { jwksUri }),
});
