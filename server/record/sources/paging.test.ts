import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Observation } from "@medplum/fhirtypes";
import { seededRandom } from "@openward/runtime/manual";
import { searchObservations } from "../search/observation.ts";
import { BASE, KARI, OLA, readingOf, streamOf, T0, type Ward, ward, waveformOf } from "../testing/ward.ts";

const idsIn = (bundle: Bundle) =>
  (bundle.entry ?? []).flatMap(({ search, resource }) => (search?.mode === "match" ? [resource?.id ?? ""] : []));
const nextOf = (bundle: Bundle) => bundle.link?.find(({ relation }) => relation === "next")?.url;
const follow = (url: string) => new URL(url).searchParams;

async function allPages(
  { context }: Ward,
  text: string,
  between: () => void = () => {},
): Promise<{ ids: string[]; pages: Bundle[] }> {
  const pages: Bundle[] = [];
  let url: string | undefined = `${BASE}/Observation?${text}`;
  while (url) {
    const bundle: Bundle = await searchObservations(context, follow(url));
    pages.push(bundle);
    url = nextOf(bundle);
    between();
    assert.ok(pages.length < 3000, "paging must end");
  }
  return { ids: pages.flatMap(idsIn), pages };
}

/** Times collide often; two patients, several streams, cuff pressures, two waveforms with silence between. */
function randomWard(seed: number, size: number): Ward {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const made = ward();
  const streams = [KARI, OLA].flatMap((patientId) => [
    streamOf("heart-rate", "/min", { patientId }),
    streamOf("spo2", "%", { patientId }),
    streamOf("spo2", "%", { patientId, deviceId: "oximeter" }),
    streamOf("nibp-systolic", "mm[Hg]", { patientId }),
    streamOf("nibp-diastolic", "mm[Hg]", { patientId }),
    streamOf("nibp-diastolic", "kPa", { patientId }),
    streamOf("nibp-mean", "mm[Hg]", { patientId, deviceId: "cuff_2" }),
  ]);
  const seen = new Map<string, number>();
  for (let i = 0; i < size; i++) {
    const stream = pick(streams);
    const time = T0 + Math.floor(random.float() * (size / 6)) * 500;
    const key = `${stream.id} ${time}`;
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    made.telemetry.add(readingOf(stream, time, 60 + Math.floor(random.float() * 40), { ordinal }));
  }
  for (const patientId of [KARI, OLA]) {
    const ecg = streamOf("ecg-lead-ii", "mV", { patientId, kind: "waveform" });
    for (const start of [T0 - 86_400_000 * 40, T0 + 3_000, T0 + 31_000]) {
      made.telemetry.addWaveform(
        waveformOf(
          ecg,
          start,
          4,
          Array.from({ length: 90 }, (_, i) => i),
        ),
      );
    }
    made.telemetry.addWaveform(waveformOf(ecg, T0 + 3_125, 2, [1, 2, 3]));
  }
  return made;
}

const timeOf = ({ effectiveDateTime, effectivePeriod }: Observation) => {
  const time = Date.parse(effectiveDateTime ?? effectivePeriod?.start ?? "");
  return effectivePeriod ? Math.floor(time / 10_000) * 10_000 : time;
};

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`paging gives each Observation exactly once and in order, whatever _count (seed ${seed})`, async () => {
    const random = seededRandom(seed * 77);
    const house = randomWard(seed, 60 + Math.floor(random.float() * 120));
    for (const sort of ["-date", "date"]) {
      for (const who of [`patient=${KARI}&`, ""]) {
        const text = `${who}_sort=${sort}`;
        const whole = await allPages(house, `${text}&_count=1000`);
        assert.equal(whole.pages.length, 1);
        assert.equal(new Set(whole.ids).size, whole.ids.length, "no id twice");
        const times = (whole.pages[0]?.entry ?? []).map(({ resource }) => timeOf(resource as Observation));
        const sign = sort === "date" ? 1 : -1;
        assert.deepEqual(
          times,
          [...times].sort((a, b) => (a - b) * sign),
          "in order of time",
        );
        for (const count of [1, 2, 3, 1 + Math.floor(random.float() * 40)]) {
          const paged = await allPages(house, `${text}&_count=${count}`);
          assert.deepEqual(paged.ids, whole.ids, `_count=${count}`);
        }
      }
    }
  });
}

test("nothing that was measured is left out of a whole search", async () => {
  const house = ward();
  const heart = streamOf("heart-rate", "/min");
  for (let i = 0; i < 2500; i++) house.telemetry.add(readingOf(heart, T0 + i, 60 + (i % 30)));
  const { ids } = await allPages(house, `patient=${KARI}&_count=1000`);
  assert.equal(ids.length, 2500);
  assert.equal(house.telemetry.calls.readings, 3, "one read of the store per page");
});

test("readings that arrive while somebody pages neither repeat nor hide others", async () => {
  const seed = 42;
  const house = randomWard(seed, 90);
  const before = (await allPages(house, `patient=${KARI}&_count=1000`)).ids;
  const heart = streamOf("heart-rate", "/min");
  let n = 0;
  const { ids } = await allPages(house, `patient=${KARI}&_count=4`, () => {
    house.telemetry.add(readingOf(heart, T0 + 10_000_000 + n++, 80));
    house.telemetry.add(readingOf(heart, T0 + 137 + n * 100, 81));
  });
  assert.equal(new Set(ids).size, ids.length);
  const had = new Set(before);
  assert.deepEqual(
    ids.filter((id) => had.has(id)),
    before,
    `seed ${seed}`,
  );
});

test("a page of waveforms ends when it is heavy, and the next link goes on", async () => {
  const house = ward();
  const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });
  house.telemetry.addWaveform(waveformOf(ecg, T0, 10_000, Array(700_000).fill(7)));
  const { ids, pages } = await allPages(house, `patient=${KARI}&_count=1000`);
  assert.equal(ids.length, 7);
  assert.equal(pages.length, 4);
});

test("a year of silence in a waveform is not read in steps of ten seconds", async () => {
  const house = ward();
  const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });
  for (const days of [0, 3, 400]) house.telemetry.addWaveform(waveformOf(ecg, T0 - days * 86_400_000, 4, [1, 2, 3, 4]));
  for (const sort of ["date", "-date"]) {
    house.telemetry.calls.overview = 0;
    house.telemetry.calls.waveform = 0;
    assert.equal((await allPages(house, `patient=${KARI}&_sort=${sort}`)).ids.length, 3);
    const { overview, waveform } = house.telemetry.calls;
    assert.ok(overview < 80 && waveform < 40, `${overview} overviews, ${waveform} reads`);
  }
});

test("without a patient, those who have been silent since are not read", async () => {
  const house = ward();
  for (let i = 0; i < 100; i++) house.telemetry.add(readingOf(streamOf("heart-rate", "/min"), T0 + i * 1000, 70));
  house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: OLA }), T0 - 86_400_000, 70));
  const bundle = await searchObservations(house.context, new URLSearchParams("_count=10"));
  assert.equal(idsIn(bundle).length, 10);
  assert.equal(house.telemetry.calls.readings, 1);
});
