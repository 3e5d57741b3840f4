import type { MderReader } from "./mder.ts";

/** Attributes of 11073-20601 that are read here. */
export const ATTRIBUTE = {
  model: 2344,
  physio: 2347,
  productionSpecification: 2349,
  type: 2351,
  measurementStatus: 2375,
  compoundValue: 2379,
  value: 2384,
  systemId: 2436,
  timeAbsolute: 2439,
  timeStampAbsolute: 2448,
  timeStampRelative: 2449,
  unit: 2454,
  battery: 2460,
  valueBasic: 2636,
  valueMap: 2645,
  valueSimple: 2646,
  supplementalTypes: 2657,
  compoundSimple: 2676,
  compoundBasic: 2677,
  physioList: 2678,
} as const;

/** What an agent said of one of its objects: what its values mean that it sends without a word. */
export interface MetricObject {
  /** Term of 11073-10101. */
  readonly partition: number;
  readonly type: number;
  /** Of the parts of a compound value. */
  readonly parts: readonly number[];
  /** Dimension; null: each report says it. */
  readonly unit: number | null;
  /** What a fixed report has, in order: attribute and bytes. */
  readonly valueMap: readonly (readonly [attribute: number, length: number])[];
  /** A second view of a value that is sent as well (fast or slow averaging). */
  readonly isSecondView: boolean;
}

/** By handle. */
export type Configuration = ReadonlyMap<number, MetricObject>;

const SCADA = 2;
const BASIC = [[ATTRIBUTE.valueBasic, 2]] as const;
const STAMPED_BASIC = [...BASIC, [ATTRIBUTE.timeStampAbsolute, 8]] as const;
const STAMPED_SIMPLE = [
  [ATTRIBUTE.valueSimple, 4],
  [ATTRIBUTE.timeStampAbsolute, 8],
] as const;

function metric(type: number, unit: number, valueMap: MetricObject["valueMap"], parts: readonly number[] = []) {
  return { partition: SCADA, type, parts, unit, valueMap, isSecondView: false };
}

const CUFF = metric(
  18_948,
  3872,
  [
    [ATTRIBUTE.compoundBasic, 10],
    [ATTRIBUTE.timeStampAbsolute, 8],
  ],
  [18_949, 18_950, 18_951],
);

/** Configurations that the device specializations fix: an agent that has one says only its number. */
const STANDARD: ReadonlyMap<number, Configuration> = new Map([
  // 11073-10404, pulse oximeter
  [
    0x0190,
    new Map([
      [1, metric(19_384, 544, BASIC)],
      [10, metric(18_458, 2720, BASIC)],
    ]),
  ],
  [
    0x0191,
    new Map([
      [1, metric(19_384, 544, STAMPED_BASIC)],
      [10, metric(18_458, 2720, STAMPED_BASIC)],
    ]),
  ],
  // 11073-10407, blood pressure
  [
    0x02bc,
    new Map([
      [1, CUFF],
      [2, metric(18_474, 2720, STAMPED_BASIC)],
    ]),
  ],
  // 11073-10408, thermometer
  [0x0320, new Map([[1, metric(19_292, 6048, STAMPED_SIMPLE)]])],
  // 11073-10415, weighing scale
  [0x05dc, new Map([[1, metric(57_664, 1731, STAMPED_SIMPLE)]])],
  // 11073-10417, glucose meter
  [0x06a4, new Map([[1, metric(29_112, 2130, STAMPED_BASIC)]])],
]);

export function standardConfiguration(id: number): Configuration | undefined {
  return STANDARD.get(id);
}

const NUMERIC = 6;

/**
 * The configuration that an agent reports (MDC_NOTI_CONFIG), behind the number of it.
 *
 * @throws RefusedInput MALFORMED_BYTES
 */
export function parseConfiguration(reader: MderReader): Configuration {
  const found = new Map<number, MetricObject>();
  const { count, entries } = reader.list("configObjList");
  for (let i = 0; i < count; i++) {
    const kind = entries.u16("objClass");
    const handle = entries.u16("objHandle");
    const attributes = entries.list("attributes");
    const object = parseObject(attributes.entries, attributes.count);
    if (kind === NUMERIC) found.set(handle, object);
  }
  return found;
}

function parseObject(reader: MderReader, count: number): MetricObject {
  let [partition, type] = [SCADA, 0];
  let parts: number[] = [];
  let unit: number | null = null;
  let valueMap: [number, number][] = [];
  let isSecondView = false;
  for (let i = 0; i < count; i++) {
    const id = reader.u16("attributeId");
    const value = reader.part("attributeValue");
    if (id === ATTRIBUTE.type) [partition, type] = [value.u16("partition"), value.u16("code")];
    else if (id === ATTRIBUTE.physio) type = value.u16("metricId");
    else if (id === ATTRIBUTE.unit) unit = value.u16("unitCode");
    else if (id === ATTRIBUTE.physioList) {
      const { count: length, entries } = value.list("metricIdList");
      parts = Array.from({ length }, () => entries.u16("metricId"));
    } else if (id === ATTRIBUTE.valueMap) {
      const { count: length, entries } = value.list("attrValMap");
      valueMap = Array.from({ length }, () => [entries.u16("attributeId"), entries.u16("attributeLen")]);
    } else if (id === ATTRIBUTE.supplementalTypes) isSecondView = isAveraged(value);
  }
  return { partition, type, parts, unit, valueMap, isSecondView };
}

const FAST = 19_508;
const SLOW = 19_512;

function isAveraged(reader: MderReader): boolean {
  const { count, entries } = reader.list("supplementalTypes");
  for (let i = 0; i < count; i++) {
    entries.u16("partition");
    const code = entries.u16("code");
    if (code === FAST || code === SLOW) return true;
  }
  return false;
}
