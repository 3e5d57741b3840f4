import type { GatewayReport } from "@openward/api";
import type { KeptValue } from "../keep/message.ts";

/** Of so many devices the newest are told when they were heard. */
const DEVICES_MAX = 200;
const ALARMS_MAX = 100;

/** When each device was heard last, ms UTC by the gateway's clock. */
export function createHeard() {
  const heard = new Map<string, number>();
  return {
    note(deviceId: string, at: number): void {
      heard.delete(deviceId);
      heard.set(deviceId, at);
      if (heard.size > DEVICES_MAX) heard.delete(heard.keys().next().value as string);
    },
    all: (): Record<string, number> => Object.fromEntries(heard),
  };
}

/** What the gateway says of itself: the event `gateway-report`, and that it is there. */
export function reportValues(report: GatewayReport, at: number): KeptValue[] {
  const bounded = { ...report, alarms: report.alarms.slice(0, ALARMS_MAX) };
  const json = (body: object) => Buffer.from(JSON.stringify(body));
  return [
    { codec: "openward/event", at, bytes: json({ event: "gateway-report", ...bounded }) },
    { codec: "openward/status", at, bytes: json({ state: "online", clock: report.clock }) },
  ];
}
