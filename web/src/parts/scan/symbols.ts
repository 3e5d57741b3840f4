/** Reads the symbol in a picture: a QR code, a DataMatrix, a Code 128. */
export interface SymbolReader {
  /** @returns what it says; undefined: there is none to be read */
  read(frame: HTMLCanvasElement): Promise<string | undefined>;
}

interface Detector {
  detect(frame: CanvasImageSource): Promise<readonly { readonly rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { readonly formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

const WANTED = ["qr_code", "data_matrix", "code_128"];

/** The browser's own reader where it reads all of these; else one that is loaded for it. */
export async function openSymbolReader(browser: object): Promise<SymbolReader> {
  const { BarcodeDetector } = browser as { BarcodeDetector?: DetectorClass };
  const known = (await BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (BarcodeDetector && WANTED.every((format) => known.includes(format))) {
    const detector = new BarcodeDetector({ formats: WANTED });
    return { read: async (frame) => (await detector.detect(frame))[0]?.rawValue };
  }
  const { createZxingReader } = await import("./zxing.ts");
  return createZxingReader();
}
