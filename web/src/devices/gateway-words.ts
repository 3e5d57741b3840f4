import type { GatewayBody } from "@openward/api";
import { count, formatDuration } from "../parts/format.ts";
import { wordOf } from "./gateway-settings-words.ts";

export interface GatewayLine {
  readonly label: string;
  readonly text: string;
  /** Somebody should look at it. */
  readonly isBad: boolean;
}

type Report = NonNullable<GatewayBody["report"]>;

const MEGABYTE = 1_000_000;
/** A gateway's clock is the time of what says none: a minute is a wrong time of a fall. */
const CLOCK_MS = 60_000;
const FEW_MEGABYTES = 200;

/** A report that did not come thrice is no news of now. */
export function isSilent({ settings }: GatewayBody, report: Report, now: number): boolean {
  return now - report.receivedAt > 3 * settings.reportSeconds * 1_000;
}

/** What a gateway told of itself last, as a person reads it. */
export function gatewayLines(gateway: GatewayBody, now: number): GatewayLine[] {
  const { report } = gateway;
  if (!report) return [];
  const { link, kept, disk, sources, alarms } = report;
  const ago = (at: number | null) => (at === null ? "never" : `${formatDuration(Math.max(0, now - at))} ago`);
  const lasting = (since: number) => formatDuration(Math.max(0, now - since));
  const line = (label: string, text: string, isBad = false): GatewayLine => ({ label, text, isBad });
  const silent = isSilent(gateway, report, now);
  const aside = Object.entries(kept.aside);
  const offMs = report.clock - report.receivedAt;
  const isCurrent = report.configuration === gateway.configuration;
  const mega = (bytes: number) => `${Math.round(bytes / MEGABYTE)} MB`;
  return [
    line("Last report", `${ago(report.receivedAt)}${silent ? ", it is silent" : ""}`, silent),
    line(
      "Line to the server",
      `${link.isUp ? "up" : "down"} ${link.since === null ? "since it started" : `for ${lasting(link.since)}`}`,
      !link.isUp,
    ),
    line(
      "Waiting to be sent",
      kept.messages === 0 ? "nothing" : `${count(kept.messages, "message")}, the oldest from ${ago(kept.oldestAt)}`,
      kept.oldestAt !== null && report.receivedAt - kept.oldestAt > 3_600_000,
    ),
    line(
      "Room for more",
      `${mega(kept.bytesMax - kept.bytes)} of ${mega(kept.bytesMax)}`,
      kept.bytes > 0.8 * kept.bytesMax,
    ),
    ...(kept.refused > 0 ? [line("Turned away", `${count(kept.refused, "message")} for want of room`, true)] : []),
    ...(kept.damaged > 0 ? [line("Damaged", `${count(kept.damaged, "file")} of what it kept`, true)] : []),
    ...aside.map(([code, n]) => line("Refused by the server", `${count(n, "message")}, kept: ${code}`, true)),
    line(
      "Disk",
      disk === null ? "unknown" : `${mega(disk.freeBytes)} free`,
      disk !== null && disk.freeBytes < FEW_MEGABYTES * MEGABYTE,
    ),
    line(
      "Clock",
      Math.abs(offMs) < CLOCK_MS
        ? "agrees"
        : `${formatDuration(Math.abs(offMs))} ${offMs < 0 ? "behind, or the report came late" : "ahead"}`,
      offMs >= CLOCK_MS,
    ),
    line(
      "Configuration",
      `${isCurrent ? "the one of now" : "an earlier one"}${report.takenUpAt === null ? "" : `, taken up ${ago(report.takenUpAt)}`}`,
      !isCurrent,
    ),
    ...report.refused.map(({ at, reason }) => line("Setting that it refused", `${wordOf(at)}: ${reason}`, true)),
    ...soundLine(gateway, report),
    ...Object.entries(sources)
      .filter(([, { isOn }]) => isOn)
      .map(([name, { connected, fault }]) =>
        line(SOURCE_WORDS[name] ?? name, fault ?? `${count(connected, "device")} connected`, fault !== null),
      ),
    line("Version", `${report.version}, running for ${lasting(report.startedAt)}`),
    ...(alarms.length > 0 ? [line("Ringing there", alarms.join(", "), true)] : []),
  ];
}

/** Of an earlier version of the program: none. */
function soundLine({ settings }: GatewayBody, { sound }: Report): GatewayLine[] {
  if (!sound) return [];
  const label = "Sound";
  if (sound.fault !== null) return [{ label, text: `nobody would hear it: ${sound.fault}`, isBad: true }];
  if (sound.by === "off") return [{ label, text: "off", isBad: settings.localAlarms !== "off" }];
  const text = sound.by === "bell" ? "the bell of its terminal, if there is one" : "works";
  return [{ label, text, isBad: false }];
}

const SOURCE_WORDS: Readonly<Record<string, string>> = { mqtt: "MQTT", mllp: "HL7 (MLLP)", bluetooth: "Bluetooth" };
