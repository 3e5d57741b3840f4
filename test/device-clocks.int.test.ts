import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const HOUR = 3_600_000;
type Bed = Awaited<ReturnType<typeof addBeds>>[number];

let ward: RunningWard;
let beds: Bed[];
let fhir: Awaited<ReturnType<typeof fhirOf>>;
let api: Awaited<ReturnType<typeof apiOf>>;
before(async () => {
  ward = await startWard();
  beds = await addBeds(ward, 2);
  fhir = await fhirOf(ward);
  api = await apiOf(ward);
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function post({ deviceId, token }: Bed, kind: "readings" | "status", body: object) {
  const response = await fetch(`${ward.url}/ingest/devices/${deviceId}/${kind}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as { accepted: number; quarantined: { code: string }[] };
}

interface Observation {
  readonly status: string;
  readonly effectiveDateTime: string;
  readonly valueQuantity?: { readonly value: number };
  readonly extension?: readonly { readonly url: string; readonly valueDateTime?: string }[];
  readonly meta: { readonly tag?: readonly { readonly code: string }[] };
}

/** What counts of a patient, as value@time. */
async function readings({
  patientId,
}: Bed): Promise<{ counts: string[]; said: string[]; inError: number; tags: string[] }> {
  const bundle = await fhir<{ entry?: { resource: Observation }[] }>(`Observation?patient=${patientId}&_count=100`);
  const all = (bundle.entry ?? []).map(({ resource }) => resource);
  const isIn = ({ status }: Observation) => status !== "entered-in-error";
  const counts = all
    .filter(isIn)
    .map((one) => `${one.valueQuantity?.value}@${Date.parse(one.effectiveDateTime)}`)
    .sort();
  const tags = all.filter(isIn).flatMap(({ meta }) => (meta.tag ?? []).map(({ code }) => code));
  const said = all.filter(isIn).map((one) => {
    const told = one.extension?.find(({ url }) => url === "urn:openward:device-time")?.valueDateTime ?? "";
    return `${one.valueQuantity?.value}@${Date.parse(told)}`;
  });
  return { counts, said: said.sort(), inError: all.length - all.filter(isIn).length, tags: [...new Set(tags)] };
}

/** Until it is so: behind everything else the server looks again at what came before. */
async function until<T>(look: () => Promise<T>, isIt: (found: T) => boolean, what: string): Promise<T> {
  const end = performance.now() + 120_000;
  for (;;) {
    const found = await look();
    if (isIt(found)) return found;
    assert.ok(performance.now() < end, `${what}: ${JSON.stringify(found)}`);
    await wait(100);
  }
}

test("two devices are hours off, one ahead and one behind: what came before that was known is placed when it is, and stays so after kill -9", async () => {
  const [ahead, behind] = beds as [Bed, Bed];
  const began = Date.now() - 10_000;
  const off = new Map([
    [ahead, 2 * HOUR],
    [behind, -3 * HOUR],
  ]);
  const expected = new Map<Bed, string[]>([
    [ahead, []],
    [behind, []],
  ]);
  const tell = async (bed: Bed, n: number) => {
    const at = began + n * 1_000;
    const told = { at: at + (off.get(bed) as number), values: { "heart-rate": 60 + n } };
    expected.get(bed)?.push(`${60 + n}@${at}`);
    return post(bed, "readings", told);
  };
  for (const bed of beds) await post(bed, "status", { state: "online", clock: Date.now() + (off.get(bed) as number) });
  for (let n = 0; n < 4; n++) {
    assert.deepEqual((await tell(ahead, n)).quarantined[0]?.code, "TIME_IN_FUTURE");
    assert.equal((await tell(behind, n)).accepted, 1);
  }
  // The second time the device says it is not before five seconds: that is what it is believed for.
  const stateOf = (bed: Bed) => api<{ clock: Record<string, unknown> | null }>("GET", `/api/devices/${bed.deviceId}`);
  for (const bed of beds) {
    await until(
      async () => {
        await post(bed, "status", { state: "online", clock: Date.now() + (off.get(bed) as number) });
        return (await stateOf(bed)).clock;
      },
      (clock) => clock !== null && clock.leadsTo === "corrected",
      "the clock",
    );
  }
  // A millisecond or two is the way of the message.
  const close = (found: readonly string[], wanted: readonly string[]) =>
    found.length === wanted.length &&
    found.every((one, i) => {
      const [[value, at], [wantedValue, wantedAt]] = [one.split("@"), (wanted[i] as string).split("@")] as [
        string[],
        string[],
      ];
      return value === wantedValue && Math.abs(Number(at) - Number(wantedAt)) < 2_000;
    });
  for (const bed of beds) {
    assert.equal((await tell(bed, 4)).accepted, 1);
    const wanted = expected.get(bed) as string[];
    const found = await until(
      () => readings(bed),
      ({ counts }) => close(counts, wanted),
      `of ${bed.deviceId}, not ${wanted}`,
    );
    assert.deepEqual(found.tags, ["clock-wrong"]);
    const byMs = off.get(bed) as number;
    const original = wanted.map((one) => one.replace(/@(.*)$/, (_, at) => `@${Number(at) + byMs}`));
    assert.deepEqual(found.said, original, "the device's own time is told, to the millisecond");
    assert.equal(found.inError, bed === behind ? 4 : 0, "what was stored before stays, in error");
  }
  const open = await api<unknown[]>("GET", `/api/quarantine?device=${ahead.deviceId}`);
  assert.deepEqual(open, [], "and nothing is left in quarantine");
  const amended = await api("GET", `/api/patients/${behind.patientId}/amendments`);
  assert.match(JSON.stringify(amended), /the clock of the device was wrong: local-as-utc/);

  const device = await fhir<{
    property?: { type: { text: string }; valueCode?: { text: string }[]; valueQuantity?: { value: number }[] }[];
  }>(`Device/${ahead.deviceId}`);
  const told = new Map((device.property ?? []).map((one) => [one.type.text, one]));
  assert.equal(told.get("clock times are")?.valueCode?.[0]?.text, "corrected");
  assert.ok(Math.abs((told.get("clock offset")?.valueQuantity?.[0]?.value ?? 0) - 2 * HOUR) < 2_000);

  const { dataDir, httpPort, mqttPort } = ward;
  await ward.stop("SIGKILL");
  ward = await startWard({ dataDir, httpPort, mqttPort });
  for (const bed of beds) {
    assert.equal((await tell(bed, 5)).accepted, 1, "placed at once: what was known of the clock is known");
    const wanted = expected.get(bed) as string[];
    await until(
      () => readings(bed),
      ({ counts }) => close(counts, wanted),
      `of ${bed.deviceId} after the kill`,
    );
  }
});
