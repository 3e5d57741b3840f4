declare module "@lhncbc/ucum-lhc" {
  interface Conversion {
    status: "succeeded" | "failed" | "error";
    toVal: number | null;
    msg: string[];
  }
  interface Utils {
    convertUnitTo(
      from: string,
      value: number,
      to: string,
      options?: { molecularWeight?: number | null; suggest?: boolean },
    ): Conversion;
    validateUnitString(unit: string): { status: "valid" | "invalid" | "error" };
  }
  const ucum: { UcumLhcUtils: { getInstance(): Utils } };
  export default ucum;
}
