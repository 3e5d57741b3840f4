import { RefusedInput } from "@openward/errors";
import type { PatientView, Stream } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { Encoded, type Handlers } from "./call.ts";
import { asBuffer, encodedOf, formatOf } from "./columns/answer.ts";
import { createLongAnswers } from "./columns/long-answers.ts";
import { createOutputMemory, type Lease } from "./columns/output-memory.ts";
import type { Format } from "./columns/writer.ts";
import type {
  Authenticated,
  Changes,
  Devices,
  Patients,
  StreamQueries,
  Telemetry,
  Wards,
  Watch,
} from "./ports/index.ts";
import { createRowNames } from "./row-names.ts";
import {
  createStreamNames,
  lineDocument,
  newestDocument,
  openStream,
  readingsDocument,
  trendDocument,
} from "./stream-documents.ts";
import { checkSpan, idList, parseCursor } from "./stream-fields.ts";
import { createStreamInfos } from "./stream-infos.ts";
import { createWardPatients } from "./ward-patients.ts";

const DAY_MS = 86_400_000;
/** A year, with a few days to spare. */
const SPAN_MS_MAX = 400 * DAY_MS;
const LINE_MS_MAX = 31 * DAY_MS;
const OVERVIEW_MS_MAX = 31 * DAY_MS;
const STREAMS_MAX = 64;
const PATIENTS_MAX = 50;
const PATIENTS_LATEST_MAX = 250;
const BUCKETS_MAX = 100_000;
const PART_BYTES = 65_536;

type Names =
  | "streamsOfPatients"
  | "newestReadings"
  | "rawReadings"
  | "streamTrend"
  | "waveformPieces"
  | "waveformExtremes";

/** /api/streams: what was measured, in columns, for portals and for programs. */
export function streamHandlers(deps: {
  streams: StreamQueries;
  telemetry: Pick<Telemetry, "streams" | "latest">;
  watch: Pick<Watch, "expectationOf">;
  devices: Pick<Devices, "displays">;
  patients: Pick<Patients, "list">;
  wards: Pick<Wards, "list">;
  changes: Changes;
  clock: Pick<Clock, "monotonic">;
}): Pick<Handlers, Names> {
  const { streams: queries, telemetry } = deps;
  const names = createStreamNames();
  const rowNames = createRowNames();
  const longAnswers = createLongAnswers();
  const outputs = createOutputMemory();
  const streamInfos = createStreamInfos(deps);
  const wardPatients = createWardPatients(deps);

  function known(view: PatientView, text: string): Stream[] {
    const ids = idList(text, "stream", STREAMS_MAX);
    return ids.map((id, i) => {
      const stream = queries.known(view, id);
      if (!stream) throw new RefusedInput("NOT_FOUND", { at: ids.length === 1 ? "stream" : `stream[${i}]` });
      return stream;
    });
  }
  function visible(view: PatientView, text: string, most: number): string[] {
    const ids = idList(text, "patient", most);
    ids.forEach((id, i) => {
      if (!view.has(id)) throw new RefusedInput("NOT_FOUND", { at: ids.length === 1 ? "patient" : `patient[${i}]` });
    });
    return ids;
  }
  const longOf = (signedIn: Authenticated) => () => longAnswers.begin(signedIn.principal.id);
  const whole = (format: Format, bytes: Uint8Array) => new Encoded(format.type, asBuffer(bytes));
  const written = (format: Format, write: (place: Lease) => Uint8Array) => {
    const place = outputs.take();
    return new Encoded(format.type, asBuffer(write(place)), () => outputs.give(place));
  };

  return {
    async streamsOfPatients({ query, view, accept }) {
      const format = formatOf(accept);
      const seen = await view();
      const ids = visible(seen, query.patient, PATIENTS_MAX);
      const summaries = await Promise.all(ids.map((patientId) => telemetry.streams(seen, patientId)));
      const display = await streamInfos.displays(seen, summaries.flat());
      const patients = ids.map((patientId, i) => ({
        patientId,
        streams: streamInfos.of(seen, patientId, summaries[i] ?? [], display),
      }));
      const writer = format.writer();
      writer.value({ patients });
      return whole(format, writer.take());
    },

    async newestReadings({ query, view, accept, signedIn }) {
      const format = formatOf(accept);
      const { patient, ward } = query;
      if ((patient === undefined) === (ward === undefined)) {
        throw new RefusedInput("FIELD_INVALID", { at: "patient", expected: "either `patient` or `ward`" });
      }
      const seen = await view();
      const ids =
        patient !== undefined
          ? visible(seen, patient, PATIENTS_LATEST_MAX)
          : await wardPatients(signedIn.principal.organisationId, ward as string);
      const newest = await queries.newest(seen, ids);
      const rows = rowNames.of(format, newest.patients);
      return written(format, (place) => newestDocument(format, rows, newest, { known: query.rows, place }));
    },

    async rawReadings({ query, view, accept, gone, signedIn }) {
      const format = formatOf(accept);
      const { from, to, order, limit } = query;
      checkSpan(query, SPAN_MS_MAX, "400 days");
      const seen = await view();
      const streams = known(seen, query.stream);
      const ids = streams.map((stream) => stream.id);
      const after = query.after === undefined ? undefined : parseCursor(query.after, ids);
      const left = after ? streams.slice(ids.indexOf(after.streamId)) : streams;
      const range = { from, to, isDescending: order === "descending", isTransient: true, signal: gone() };
      const read = (stream: Stream) =>
        queries.columns(seen, stream.id, stream.id === after?.streamId ? { ...range, after } : range);
      const place = outputs.take();
      const parts = readingsDocument(format, names, left, limit, read, place);
      return encodedOf(format, parts, longOf(signedIn), () => outputs.give(place));
    },

    async streamTrend({ query, view, accept, gone, signedIn }) {
      const format = formatOf(accept);
      const { from, to, buckets, method } = query;
      const isLine = method === "lttb";
      checkSpan(query, isLine ? LINE_MS_MAX : SPAN_MS_MAX, isLine ? "31 days" : "400 days");
      const seen = await view();
      const streams = known(seen, query.stream);
      if (streams.length * buckets > BUCKETS_MAX) {
        const expected = `at most ${Math.floor(BUCKETS_MAX / streams.length)} for ${streams.length} streams`;
        throw new RefusedInput("FIELD_INVALID", { at: "buckets", expected });
      }
      const asked = { from, to, buckets, signal: gone() };
      if (isLine) {
        const line = (stream: Stream) => queries.line(seen, stream.id, asked);
        return encodedOf(format, lineDocument(format, names, streams, line), longOf(signedIn));
      }
      const ids = streams.map((stream) => stream.id);
      const trends = await queries.trends(seen, ids, asked);
      return written(format, (place) => trendDocument(format, names, trends, place));
    },

    async waveformPieces({ query, view, accept, gone, signedIn }) {
      const format = formatOf(accept);
      checkSpan(query, DAY_MS, "a day");
      const seen = await view();
      const stream = known(seen, query.stream)[0] as Stream;
      const { from, to } = query;
      const pieces = queries.waveforms(seen, stream.id, { from, to, signal: gone() });
      async function* parts(): AsyncGenerator<Uint8Array> {
        const writer = format.writer(PART_BYTES);
        openStream(writer, format, names, stream);
        writer.key("pieces");
        writer.beginArray();
        for await (const { start, rateHz, scale, origin, samples } of pieces) {
          writer.beginMap();
          writer.encodedFields(format.fieldsOf({ start, rateHz, scale, origin }));
          writer.key("samples");
          writer.samples(samples);
          writer.endMap();
          if (writer.length >= PART_BYTES) yield writer.take();
        }
        writer.endArray();
        writer.endMap();
        yield writer.take();
      }
      return encodedOf(format, parts(), longOf(signedIn));
    },

    async waveformExtremes({ query, view, accept, gone }) {
      const format = formatOf(accept);
      checkSpan(query, OVERVIEW_MS_MAX, "31 days");
      const seen = await view();
      const stream = known(seen, query.stream)[0] as Stream;
      const { from, to, buckets } = query;
      const { starts, min, max } = await queries.overview(seen, stream.id, { from, to, buckets, signal: gone() });
      const writer = format.writer();
      openStream(writer, format, names, stream);
      writer.key("starts");
      writer.floats(starts.map(Math.round));
      writer.key("min");
      writer.floats(min);
      writer.key("max");
      writer.floats(max);
      writer.endMap();
      return whole(format, writer.take());
    },
  };
}
