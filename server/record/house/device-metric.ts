import { mapStream } from "../resources/device-metric.ts";
import { isUuid } from "../uuid.ts";
import { idsIn, patientsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const houseDeviceMetrics: HouseKind = {
  documentation: "Streams: one signal of one device on one patient. A DeviceMetric that is written is no stream.",
  async list({ view, telemetry, organisation, typeOf }, { conditions }) {
    const ids = idsIn(conditions);
    const summaries = ids
      ? await Promise.all(ids.filter(isUuid).map((id) => telemetry.stream(view, id)))
      : (await Promise.all(patientsIn(conditions, [], view).map((id) => telemetry.streams(view, id)))).flat();
    return summaries.flatMap((summary) =>
      summary && view.has(summary.stream.patientId)
        ? [mapStream(summary.stream, organisation, typeOf(summary.stream.deviceId))]
        : [],
    );
  },
};
