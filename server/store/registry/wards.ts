import { RefusedInput } from "@openward/errors";
import type { Organisation, Ward } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { isTimeZone } from "./patient-checks.ts";
import type { WardRegistry } from "./ports.ts";
import { everywhere, inOrganisation } from "./transaction.ts";

/** Organisations and their wards. */
export function createWardRegistry({ api, worker, runtime }: RegistryContext): WardRegistry {
  return {
    async list(organisationId) {
      const rows = await inOrganisation(api, organisationId, (tx) =>
        tx.rows<{ id: string; name: string; time_zone: string }>(
          "SELECT id, name, time_zone FROM ward ORDER BY created_at, name",
        ),
      );
      return rows.map((row): Ward => ({ id: row.id, organisationId, name: row.name, timeZone: row.time_zone }));
    },

    async create(organisationId, name, timeZone, by) {
      const at = runtime.clock.now();
      const text = needName(name, 80);
      if (!isTimeZone(timeZone))
        throw new RefusedInput("FIELD_INVALID", { at: "timeZone", expected: "an IANA time zone, as Europe/Oslo" });
      const ward: Ward = { id: runtime.ids.uuid(), organisationId, name: text, timeZone };
      await inOrganisation(api, organisationId, async (tx) => {
        await tx.run(
          "INSERT INTO ward (id, organisation_id, name, time_zone, created_at) VALUES ($1, $2, $3, $4, $5)",
          [ward.id, organisationId, text, timeZone, at],
        );
        await audit(tx, { organisationId, at, by, action: "ward.create", detail: { wardId: ward.id } });
      });
      return ward;
    },

    async organisations() {
      const rows = await everywhere(worker, (tx) =>
        tx.rows<{ organisation_id: string; name: string; is_demo: boolean }>(
          "SELECT organisation_id, name, is_demo FROM organisation ORDER BY created_at, organisation_id",
        ),
      );
      return rows.map((row): Organisation => ({ id: row.organisation_id, name: row.name, isDemo: row.is_demo }));
    },

    async createOrganisation(name, isDemo) {
      const at = runtime.clock.now();
      const organisation: Organisation = { id: runtime.ids.uuid(), name: needName(name, 200), isDemo };
      await everywhere(worker, async (tx) => {
        await tx.run("INSERT INTO organisation (organisation_id, name, is_demo, created_at) VALUES ($1, $2, $3, $4)", [
          organisation.id,
          organisation.name,
          isDemo,
          at,
        ]);
        await audit(tx, { organisationId: organisation.id, at, by: "system", action: "organisation.create" });
      });
      return organisation;
    },
  };
}

function needName(name: string, lengthMax: number): string {
  const text = name.trim();
  if (text === "" || text.length > lengthMax) {
    throw new RefusedInput("FIELD_INVALID", { at: "name", expected: `1 to ${lengthMax} characters` });
  }
  return text;
}
