import { captureOf } from "./capture.ts";
import type { Codec } from "./codec.ts";
import dexcomG5 from "./dexcom/g5.ts";
import fhirObservation from "./fhir/observation.ts";
import appleHealth from "./files/apple-health.ts";
import edf from "./files/edf.ts";
import fit from "./files/fit.ts";
import gpx from "./files/gpx.ts";
import healthConnect from "./files/health-connect.ts";
import { makers } from "./files/makers.ts";
import mapped from "./files/mapped.ts";
import tcx from "./files/tcx.ts";
import wfdb from "./files/wfdb.ts";
import { intermediateTemperature, temperature } from "./gatt/2a1c-temperature.ts";
import { currentTime, dateTime } from "./gatt/2a2b-current-time.ts";
import { continuousOximetry, spotCheck } from "./gatt/2a5e-pulse-oximetry.ts";
import bodyComposition from "./gatt/2a9c-body-composition.ts";
import weight from "./gatt/2a9d-weight.ts";
import glucose from "./gatt/2a18-glucose.ts";
import batteryLevel from "./gatt/2a19-battery-level.ts";
import {
  bodySensorLocation,
  certification,
  deviceStrings,
  pnpId,
  systemId,
  udi,
} from "./gatt/2a24-device-information.ts";
import glucoseContext from "./gatt/2a34-glucose-context.ts";
import { bloodPressure, cuffPressure } from "./gatt/2a35-blood-pressure.ts";
import heartRate from "./gatt/2a37-heart-rate.ts";
import recordAccess from "./gatt/2a52-record-access.ts";
import cgmMeasurement from "./gatt/2aa7-cgm-measurement.ts";
import { cgmFeature, cgmRunTime, cgmStatus } from "./gatt/2aa9-cgm-status.ts";
import cgmSessionStart from "./gatt/2aaa-cgm-session-start.ts";
import { liveObservations, storedObservations } from "./gatt/2b8b-health-observations.ts";
import { pumpAnnunciation, pumpChanged, pumpFeatures, pumpStatus } from "./gatt/2b21-insulin-delivery.ts";
import enhancedBloodPressure from "./gatt/2b34-enhanced-blood-pressure.ts";
import pcd01 from "./hl7v2/pcd01.ts";
import agent20601 from "./ieee11073/20601.ts";
import nightscoutStatus from "./nightscout/devicestatus.ts";
import nightscoutEntries from "./nightscout/entries.ts";
import { activity, food, profile, settings } from "./nightscout/kept.ts";
import nightscoutTreatments from "./nightscout/treatments.ts";
import { ownEvent, ownReadings, ownStatus, ownWaveform } from "./openward/bodies.ts";
import xiaomiScale from "./xiaomi/181d.ts";

/** Every format that the raw door reads: a line each. */
const formats: readonly Codec[] = [
  heartRate,
  bodySensorLocation,
  bloodPressure,
  cuffPressure,
  enhancedBloodPressure,
  temperature,
  intermediateTemperature,
  spotCheck,
  continuousOximetry,
  glucose,
  glucoseContext,
  cgmMeasurement,
  cgmFeature,
  cgmStatus,
  cgmSessionStart,
  cgmRunTime,
  weight,
  bodyComposition,
  pumpChanged,
  pumpStatus,
  pumpAnnunciation,
  pumpFeatures,
  liveObservations,
  storedObservations,
  batteryLevel,
  ...deviceStrings,
  systemId,
  pnpId,
  certification,
  udi,
  currentTime,
  dateTime,
  recordAccess,
  dexcomG5,
  xiaomiScale,
  agent20601,
  pcd01,
  appleHealth,
  fit,
  gpx,
  healthConnect,
  tcx,
  ...makers,
  mapped,
  edf,
  wfdb,
  fhirObservation,
  nightscoutEntries,
  nightscoutTreatments,
  nightscoutStatus,
  profile,
  food,
  settings,
  activity,
  ownReadings,
  ownWaveform,
  ownEvent,
  ownStatus,
];

const byName = new Map<string, Codec>();
/** Values of all of them, each with the time at which a gateway received it. */
const capture = captureOf((name) => byName.get(name));

export const codecs: readonly Codec[] = [...formats, capture];
for (const codec of codecs) {
  if (byName.has(codec.name)) throw new Error(`two codecs are named ${codec.name}`);
  byName.set(codec.name, codec);
}

export function findCodec(name: string): Codec | undefined {
  return byName.get(name);
}
