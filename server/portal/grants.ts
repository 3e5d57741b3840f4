import type { GlassBrokenBody, GrantBody } from "@openward/api";
import type { Grant } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Applications, BreakGlass, GlassBroken, Grants, Monitoring } from "./ports/index.ts";

type GrantRoutes =
  | "grants"
  | "addGrant"
  | "endGrant"
  | "patientGrants"
  | "breakGlass"
  | "myBrokenGlass"
  | "endBreakGlass"
  | "glassBroken"
  | "reviewGlass"
  | "unwatched"
  | "patientMonitoring";

/** Who may see whom, and because of what. */
export function grantHandlers(deps: {
  grants: Grants;
  breakGlass: BreakGlass;
  monitoring: Monitoring;
  applications: Pick<Applications, "list">;
  names: Names;
}): Pick<Handlers, GrantRoutes> {
  const { grants, breakGlass, monitoring, applications, names } = deps;

  async function broken(found: readonly GlassBroken[]): Promise<GlassBrokenBody[]> {
    await names.learn(found.map(({ review }) => review?.by ?? null));
    const shown = await bodies(found.map(({ grant }) => grant));
    return found.map(({ review, mrn }, i) => ({
      grant: shown[i] as GrantBody,
      mrn,
      review: review && { ...review, by: names.of(review.by) },
    }));
  }

  async function bodies(found: readonly Grant[]): Promise<GrantBody[]> {
    await names.learn(
      found.flatMap(({ grantee, createdBy, endedBy }) => [
        grantee.kind === "role" ? null : grantee.id,
        createdBy,
        endedBy,
      ]),
    );
    const [unnamed] = found.filter(({ grantee }) => grantee.kind === "token" && names.of(grantee.id) === grantee.id);
    if (unnamed) for (const { id, name } of await applications.list(unnamed.organisationId)) names.note(id, name);
    return found.map((grant) => grantBody(grant, names));
  }

  return {
    async grants({ signedIn, query }) {
      const { patient, principal, basis, ended } = query;
      return bodies(
        await grants.list(signedIn.organisation.id, {
          ended,
          ...(patient === undefined ? {} : { patientId: patient }),
          ...(principal === undefined ? {} : { principalId: principal }),
          ...(basis === undefined ? {} : { basis }),
        }),
      );
    },

    async addGrant({ signedIn, body }) {
      const { from, to, reason, ...asked } = body;
      const grant = {
        ...asked,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(reason === undefined ? {} : { reason }),
      };
      const [made] = await bodies(await grants.add(signedIn.organisation.id, [grant], signedIn.principal.id));
      return made as GrantBody;
    },

    async endGrant({ signedIn, params, body }) {
      const { principal, organisation } = signedIn;
      const [ended] = await bodies([await grants.end(organisation.id, params.id, principal.id, body.reason ?? null)]);
      return ended as GrantBody;
    },

    async breakGlass({ signedIn, body: { patient, reason } }) {
      const [grant] = await bodies([await breakGlass.open(signedIn.principal, { patient, reason })]);
      return grant as GrantBody;
    },

    async myBrokenGlass({ signedIn }) {
      return bodies(await breakGlass.running(signedIn.principal));
    },

    async endBreakGlass({ signedIn, params }) {
      const [ended] = await bodies([await breakGlass.end(signedIn.principal, params.id)]);
      return ended as GrantBody;
    },

    async glassBroken({ signedIn, query }) {
      return broken(await breakGlass.list(signedIn.organisation.id, query));
    },

    async reviewGlass({ signedIn, params, body: { outcome, note } }) {
      const review = { outcome, note: note ?? null };
      const [reviewed] = await broken([await breakGlass.review(signedIn.principal, params.id, review)]);
      return reviewed as GlassBrokenBody;
    },

    unwatched: ({ signedIn }) => monitoring.unwatched(signedIn.principal),

    patientMonitoring: ({ signedIn, params }) => monitoring.ofPatient(signedIn.principal, params.id),

    async patientGrants({ signedIn, params, query }) {
      return bodies(await grants.list(signedIn.principal, { patientId: params.id, ended: query.ended }));
    },
  };
}

function grantBody({ organisationId: _, categories, ...grant }: Grant, names: Names): GrantBody {
  return {
    ...grant,
    categories: categories ? [...categories] : null,
    display: grant.grantee.kind === "role" ? null : names.of(grant.grantee.id),
    createdBy: names.of(grant.createdBy),
    endedBy: names.ofMaybe(grant.endedBy),
  };
}
