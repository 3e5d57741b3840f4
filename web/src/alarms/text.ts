import type { AlarmBody } from "@openward/api";
import { formatExact, formatTime, unitText } from "../parts/format.ts";
import { longName, shortName } from "../parts/signal-display.ts";

const events: Readonly<Record<string, string>> = {
  "sos-button": "Emergency button pressed",
  "fall-event": "Fall detected",
  "afib-event": "Atrial fibrillation detected",
};

/** What is wrong, in one line: "SpO2 82 % below 85". */
export function alarmText(alarm: AlarmBody, zone: string): string {
  const name = alarm.signal ? shortName(alarm.signal) : "Signal";
  switch (alarm.rule) {
    case "limit-high":
      return `${name} ${measured(alarm)} above ${limit(alarm)}`;
    case "limit-low":
      return `${name} ${measured(alarm)} below ${limit(alarm)}`;
    case "critical-high":
      return `${name} ${measured(alarm)} above critical ${limit(alarm)}`;
    case "critical-low":
      return `${name} ${measured(alarm)} below critical ${limit(alarm)}`;
    case "missing-data":
      // Of a device that was put on and has said nothing yet.
      if (!alarm.signal)
        return `No readings from ${alarm.deviceId ?? "the device"} since ${formatTime(alarm.onsetAt, zone)}`;
      return `No ${name} since ${formatTime(alarm.onsetAt, zone)}`;
    case "device-offline":
      return `Device ${alarm.deviceId ?? ""} offline since ${formatTime(alarm.onsetAt, zone)}`;
    case "device-twin":
      return `Device ${alarm.deviceId ?? ""}: two at once use its identity since ${formatTime(alarm.onsetAt, zone)}`;
    case "device-clock":
      return `Device ${alarm.deviceId ?? ""}: its clock shows no time, and what it measures cannot be placed, since ${formatTime(alarm.onsetAt, zone)}`;
    case "gateway-silent":
      return `The gateway of ${alarm.deviceId ?? "a device"} cannot ring, since ${formatTime(alarm.onsetAt, zone)}: if its line fails, nobody is called there`;
    case "wearer-jump":
      return `Is this the right patient? ${name} ${measured(alarm)}, and ${limit(alarm)} before`;
    case "wearer-mixed":
      return `Is this the right patient? ${alarm.deviceId ?? "The device"} seems to measure two people: ${name} ${measured(alarm)} and ${limit(alarm)}`;
    case "wearer-apart":
      return `Is this the right patient? ${name} ${measured(alarm)} by ${alarm.deviceId ?? "one device"}, ${limit(alarm)} by another`;
    case "event":
      return alarm.signal ? (events[alarm.signal] ?? longName(alarm.signal)) : "Device event";
  }
}

/** Alarms that ask something: the answer is a word of its own. */
const ASKS: ReadonlySet<string> = new Set(["wearer-jump", "wearer-mixed", "wearer-apart"]);

/** On the button that acknowledges it. @param isShort where there is room for a word */
export function answerWord({ rule }: Pick<AlarmBody, "rule">, isShort = false): string {
  if (ASKS.has(rule)) return "Yes, it is";
  return isShort ? "Ack" : "Acknowledge";
}

/** The button's name, where nothing stands beside it: what is answered, and how. */
export function answerLabel(alarm: AlarmBody, zone: string): string {
  return `${answerWord(alarm)}${ASKS.has(alarm.rule) ? ":" : ""} ${alarmText(alarm, zone)}`;
}

/** What has become of it: "acknowledged 14:05 by Nina Berg"; "" while nobody has answered and it goes on. */
export function alarmFate(alarm: AlarmBody, zone: string): string {
  const parts: string[] = [];
  if (alarm.acknowledgedAt !== null) {
    const by = alarm.acknowledgedBy ? ` by ${alarm.acknowledgedBy}` : "";
    const where = alarm.acknowledgedOn ? ` at ${alarm.acknowledgedOn}` : "";
    parts.push(`acknowledged ${formatTime(alarm.acknowledgedAt, zone)}${by}${where}`);
  }
  if (alarm.state === "resolved" && alarm.resolvedAt !== null) {
    parts.push(`resolved ${formatTime(alarm.resolvedAt, zone)}`);
  } else if (alarm.conditionEndedAt !== null) {
    parts.push(`condition ended ${formatTime(alarm.conditionEndedAt, zone)}, latched`);
  }
  return parts.join(", ");
}

function measured(alarm: AlarmBody): string {
  if (alarm.value === null) return "";
  return `${formatExact(alarm.value, alarm.signal ?? "", alarm.limit)} ${unitText(alarm.unit)}`.trim();
}

function limit(alarm: AlarmBody): string {
  return alarm.limit === null ? "its limit" : formatExact(alarm.limit, alarm.signal ?? "", alarm.value);
}
