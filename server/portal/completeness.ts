import type { CompletenessDayBody, GapBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Completeness, CompletenessDay, Devices, GapProof, PatientRecord, Patients } from "./ports/index.ts";

const PAGE = 25;

/** How much of what was expected came, and why the rest did not. */
export function completenessHandlers(deps: {
  completeness: Completeness;
  patients: Pick<Patients, "list" | "find">;
  devices: Pick<Devices, "list" | "find" | "displays">;
}): Pick<Handlers, "completeness" | "patientCompleteness" | "deviceCompleteness"> {
  const { completeness, patients, devices } = deps;

  const dayBody = async (
    asker: Parameters<Devices["displays"]>[0],
    { span, timeZone, streams }: CompletenessDay,
  ): Promise<CompletenessDayBody> => {
    const displays = await devices.displays(asker, [...new Set(streams.map(({ deviceId }) => deviceId))]);
    return {
      ...span,
      timeZone,
      streams: streams.map(({ gaps, ...stream }) => ({
        ...stream,
        deviceDisplay: displays.get(stream.deviceId) ?? stream.deviceId,
        gaps: gaps.map(({ from, to, missing, cause, proofs }) => ({
          from: Math.round(from),
          to: Math.round(to),
          missing,
          cause,
          proofs: proofs.map(proofBody),
        })),
      })),
    };
  };

  return {
    async completeness({ query: { by, days, page, q }, signedIn, view }) {
      const seen = await view();
      const cut = <T>(rows: readonly T[]) => rows.slice(page * PAGE, (page + 1) * PAGE);
      const isNamed = (...texts: (string | null | undefined)[]) =>
        texts
          .filter(Boolean)
          .join("\n")
          .toLowerCase()
          .includes((q ?? "").trim().toLowerCase());
      if (by === "patient") {
        const all = (await patients.list(signedIn.principal, { all: false }))
          .filter(({ patient, stay }) => seen.has(patient.id) && isNamed(patient.mrn, patient.name, stay?.bed))
          .sort(byBed);
        const some = cut(all);
        const table = await completeness.table(
          seen,
          by,
          some.map(({ patient }) => patient.id),
          days,
        );
        const rows = some.map(({ patient, stay }, i) => ({
          patient: { id: patient.id, name: patient.name, mrn: patient.mrn, bed: stay?.bed ?? null },
          device: null,
          days: [...(table[i]?.days ?? [])],
        }));
        return { found: all.length, pageSize: PAGE, rows };
      }
      const all = (await devices.list(signedIn.principal))
        .filter(({ device }) => device.revokedAt === null && isNamed(device.id, device.display, device.serial))
        .sort((a, b) => a.device.display.localeCompare(b.device.display, "en", { numeric: true }));
      const some = cut(all);
      const table = await completeness.table(
        seen,
        by,
        some.map(({ device }) => device.id),
        days,
      );
      const rows = some.map(({ device: { id, display } }, i) => ({
        patient: null,
        device: { id, display },
        days: [...(table[i]?.days ?? [])],
      }));
      return { found: all.length, pageSize: PAGE, rows };
    },

    async patientCompleteness({ params, query, signedIn, view }) {
      return dayBody(signedIn.principal, await completeness.day(await view(), { patientId: params.id }, query.day));
    },

    async deviceCompleteness({ params, query, signedIn, view }) {
      if (!(await devices.find(signedIn.principal, params.deviceId)))
        throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      const day = await completeness.day(await view(), { deviceId: params.deviceId }, query.day);
      return dayBody(signedIn.principal, day);
    },
  };
}

function byBed(a: PatientRecord, b: PatientRecord): number {
  const place = ({ patient, stay }: PatientRecord) => `${stay?.wardName ?? ""}\n${stay?.bed ?? ""}\n${patient.mrn}`;
  return place(a).localeCompare(place(b), "en", { numeric: true });
}

const NOTHING: GapBody["proofs"][number] = {
  by: "server",
  at: null,
  percent: null,
  after: null,
  count: null,
  gateway: null,
  what: null,
  reason: null,
};

function proofBody(proof: GapProof): GapBody["proofs"][number] {
  const { by } = proof;
  switch (by) {
    case "server":
    case "connection":
    case "out-of-service":
      return { ...NOTHING, by };
    case "gateway":
      return { ...NOTHING, by, gateway: { id: proof.gatewayId } };
    case "others-heard":
      return { ...NOTHING, by, gateway: { id: proof.gatewayId }, count: proof.others };
    case "battery":
      return { ...NOTHING, by, at: proof.at, percent: proof.percent, after: proof.after };
    case "quarantine":
      return { ...NOTHING, by, count: proof.messages, what: proof.codes.join(" ") };
    case "clock-state":
      return { ...NOTHING, by, at: proof.decidedAt, what: proof.kind };
    case "standby":
      return { ...NOTHING, by, reason: proof.reason };
    case "sensor-off":
      return { ...NOTHING, by, at: proof.at, what: proof.event };
    case "heard":
    case "other-signals":
      return { ...NOTHING, by, at: proof.at };
  }
}
