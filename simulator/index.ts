export type { Encoding } from "./bodies.ts";
export {
  type Connection,
  type ConnectionOptions,
  type ConnectionState,
  createConnection,
  type Outcome,
  type Outgoing,
} from "./connection.ts";
export { type DemoDevice, type DemoOptions, type DemoReport, runDemo } from "./demo.ts";
export { type DemoPatient, type DemoWard, type DemoWardDevice, demoWard } from "./demo-ward.ts";
export {
  createDevice,
  DEVICE_TYPES,
  type DeviceOptions,
  deviceTypeOf,
  type SimulatedDevice,
  type SimulatedType,
} from "./device.ts";
export {
  createPatient,
  type PatientOptions,
  type Second,
  type SimulatedPatient,
  WAVEFORMS,
} from "./physiology/patient.ts";
export type { ChannelMap } from "./replay/map.ts";
export type { ReplayChannel } from "./replay/source.ts";
export { type ReplayOptions, type ReplayProgress, type ReplayReport, replay } from "./replay.ts";
export { findScenario, scenarios } from "./scenarios/index.ts";
export { parseScenario, type Scenario } from "./scenarios/load.ts";
export { momentOf } from "./scenarios/timeline.ts";
export { openWfdbRecord } from "./wfdb/record.ts";
