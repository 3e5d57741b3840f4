import { RefusedInput } from "@openward/errors";
import { type PatientFact, type PatientRelation, type Standing, standingOf } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import { createLooked } from "./looked.ts";
import type {
  AuditLog,
  Authenticated,
  Devices,
  DevicesNow,
  DeviceType,
  Grants,
  Monitoring,
  Patients,
  Relations,
} from "./ports/index.ts";

type MeRoutes = "me" | "myDevices" | "myAccessHistory";

/** What somebody sees of themselves, or of whom they stand beside; by their relations, and not by the ward's view. */
export function meHandlers(deps: {
  relations: Pick<Relations, "ofPerson" | "recordsOf">;
  audit: AuditLog;
  access: { readonly grants: Pick<Grants, "list">; readonly monitoring: Pick<Monitoring, "ofPatient"> };
  patients: Pick<Patients, "find">;
  devices: Pick<Devices, "list">;
  devicesNow: DevicesNow;
  deviceTypes: readonly DeviceType[];
  clock: Clock;
}): Pick<Handlers, MeRoutes> {
  const { relations, patients, devices, devicesNow, clock } = deps;
  const { monitoring } = deps.access;
  const looked = createLooked({ audit: deps.audit, grants: deps.access.grants });
  const typeDisplay = new Map(deps.deviceTypes.map(({ key, display }) => [key, display]));

  /** Those that run, a death or an incapacity taken into account. */
  async function running({ principal, organisation }: Authenticated): Promise<Running[]> {
    // A token is a program's: it stands beside nobody.
    if (principal.kind !== "person") return [];
    const { relations: all, facts } = await relations.ofPerson(organisation.id, principal.id);
    return all
      .map((relation) => ({ relation, standing: standingOf(relation, factsOf(relation, facts), clock.now()) }))
      .filter(({ standing }) => standing.because !== "ended");
  }

  return {
    async me({ signedIn }) {
      const found = await Promise.all(
        (await running(signedIn)).map(async ({ relation, standing }) => {
          const record = await patients.find(signedIn.organisation.id, relation.patientId);
          if (!record) return [];
          const { name, birthDate, timeZone } = record.patient;
          const { maySee, mayDecide, because } = standing;
          // Whoever may not see any more is told that it is so, and about whom; nothing else.
          const who = { patientId: relation.patientId, name, birthDate: maySee ? birthDate : null, timeZone };
          const [change] = maySee ? await monitoring.ofPatient(signedIn.principal, relation.patientId) : [];
          const unwatchedSince = change && !change.isWatched ? change.at : null;
          const told = { maySee, mayDecide, because, unwatchedSince };
          return [{ ...who, relation: relation.relation, since: relation.from, ...told }];
        }),
      );
      return { patients: found.flat() };
    },

    async myAccessHistory({ signedIn, params, query }) {
      const own = (await running(signedIn)).find(
        ({ relation, standing }) => relation.patientId === params.id && standing.maySee,
      );
      if (!own) throw new RefusedInput("NOT_FOUND", { at: "id" });
      const { id: organisationId } = signedIn.organisation;
      const merged = await relations.recordsOf(organisationId, params.id);
      return looked(organisationId, [params.id, ...merged.filter((id) => id !== params.id)], query);
    },

    async myDevices({ signedIn }) {
      const seen = new Set(
        (await running(signedIn)).flatMap(({ relation, standing }) => (standing.maySee ? [relation.patientId] : [])),
      );
      if (seen.size === 0) return [];
      const all = await devices.list(signedIn.organisation.id);
      return all.flatMap(({ device, status, association, lastSeenAt }) =>
        association && association.to === null && seen.has(association.patientId)
          ? [
              {
                patientId: association.patientId,
                id: device.id,
                display: device.display,
                type: typeDisplay.get(device.type) ?? device.type,
                since: association.from,
                battery: status?.battery ?? null,
                isConnected: devicesNow.isConnected(device.id),
                lastSeenAt: latest(devicesNow.lastSeenAt(device.id), lastSeenAt),
              },
            ]
          : [],
      );
    },
  };
}

const latest = (here: number | undefined, kept: number | null): number | null =>
  here === undefined ? kept : Math.max(here, kept ?? 0);

interface Running {
  readonly relation: PatientRelation;
  readonly standing: Standing;
}

const factsOf = ({ patientId }: PatientRelation, facts: readonly PatientFact[]) =>
  facts.filter((fact) => fact.patientId === patientId);
