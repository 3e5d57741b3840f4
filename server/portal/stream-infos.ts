import type { StreamInfo } from "@openward/api";
import type { PatientView } from "@openward/model";
import type { Devices, StreamSummary, Telemetry, Watch } from "./ports.ts";
import { streamInfo } from "./present.ts";

/** Streams with their newest reading, their device's name and what is expected of them. */
export function createStreamInfos(deps: {
  telemetry: Pick<Telemetry, "latest">;
  watch: Pick<Watch, "expectationOf">;
  devices: Pick<Devices, "list">;
}) {
  const { telemetry, watch, devices } = deps;

  /** The names of an organisation's devices, for several patients in a row. */
  async function displays(view: PatientView): Promise<ReadonlyMap<string, string>> {
    const records = await devices.list(view.principal);
    return new Map(records.map(({ device }) => [device.id, device.display]));
  }

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
