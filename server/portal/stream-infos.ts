import type { StreamInfo } from "@openward/api";
import type { PatientView } from "@openward/model";
import type { Devices, StreamSummary, Telemetry, Watch } from "./ports/index.ts";
import { streamInfo } from "./present.ts";

/** Streams with their newest reading, their device's name and what is expected of them. */
export function createStreamInfos(deps: {
  telemetry: Pick<Telemetry, "latest">;
  watch: Pick<Watch, "expectationOf">;
  devices: Pick<Devices, "displays">;
}) {
  const { telemetry, watch, devices } = deps;

  /** What the devices of these streams are called: theirs, and not a house's thousands. */
  const displays = (view: PatientView, summaries: readonly StreamSummary[]) =>
    devices.displays(view.principal, [...new Set(summaries.map(({ stream }) => stream.deviceId))]);

  return {
    displays,
    of(
      view: PatientView,
      patientId: string,
      summaries: readonly StreamSummary[],
      display: ReadonlyMap<string, string>,
    ): StreamInfo[] {
      const latest = new Map(telemetry.latest(view, patientId).map((reading) => [reading.stream.id, reading]));
      return summaries.map((summary) => {
        const { id, deviceId } = summary.stream;
        return streamInfo(summary, latest.get(id), watch.expectationOf(id), display.get(deviceId) ?? deviceId);
      });
    },
  };
}

export type StreamInfos = ReturnType<typeof createStreamInfos>;
