import table from "./dimensions.json" with { type: "json" };

/** The partition of dimensions: a context-free code is it in the high 16 bits, and the dimension's own in the low ones. */
const PARTITION = 4;
const CODE = /^\d{1,10}$/;

// JSON has no tuples: a code, a unit, and names.
const rows = table.units as unknown as readonly (readonly [number, string, ...string[]])[];
const byCode = new Map(rows.map(([code, ucum]) => [code, ucum]));
const byName = new Map(rows.flatMap(([, ucum, ...names]) => names.map((name) => [name, ucum] as const)));

/** @param code context-free, of 11073-10101. @returns the UCUM code of the same unit, where it is known */
export function ucumOfCode(code: number): string | undefined {
  return byCode.get(code);
}

/** @param refId "MDC_DIM_PERCENT" */
export function ucumOfName(refId: string): string | undefined {
  return byName.get(refId);
}

/** @param code a context-free code of MDC as text, or its name */
export function ucumOfMdc(code: string): string | undefined {
  return ucumOfName(code) ?? (CODE.test(code) ? ucumOfCode(Number(code)) : undefined);
}

/** @param code of a dimension in its partition, as agents and Bluetooth's sensors say it */
export function unitOfTerm(code: number): string | undefined {
  return ucumOfCode(PARTITION * 65_536 + code);
}
