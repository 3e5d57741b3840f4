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
    convertToBaseUnits(
      from: string,
      value: number,
    ): {
      status: "succeeded" | "failed" | "error" | "invalid";
      magnitude: number;
      unitToExp: Readonly<Record<string, number>>;
    };
    validateUnitString(unit: string): {
      status: "valid" | "invalid" | "error";
      /** A number is its own name. */
      unit?: { name: string | number | null } | null;
    };
  }
  const ucum: { UcumLhcUtils: { getInstance(): Utils } };
  export default ucum;
}
