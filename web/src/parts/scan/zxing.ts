import {
  BinaryBitmap,
  Code128Reader,
  DataMatrixReader,
  HybridBinarizer,
  QRCodeReader,
  RGBLuminanceSource,
} from "@zxing/library";
import type { SymbolReader } from "./symbols.ts";

/** For browsers that read no symbols themselves. */
export function createZxingReader(): SymbolReader {
  return {
    async read(frame) {
      const { width, height } = frame;
      const pixels = frame.getContext("2d", { willReadFrequently: true })?.getImageData(0, 0, width, height);
      return pixels && readSymbol(pixels.data, width, height);
    },
  };
}

/** @param rgba four bytes for each of `width` x `height` pixels */
export function readSymbol(rgba: Uint8ClampedArray, width: number, height: number): string | undefined {
  const grey = new Uint8ClampedArray(width * height);
  for (let i = 0; i < grey.length; i++) {
    const [red, green, blue] = [rgba[4 * i] as number, rgba[4 * i + 1] as number, rgba[4 * i + 2] as number];
    grey[i] = (red + 2 * green + blue) >> 2;
  }
  const bitmap = new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(grey, width, height)));
  for (const reader of [new QRCodeReader(), new DataMatrixReader(), new Code128Reader()]) {
    try {
      return reader.decode(bitmap).getText();
    } catch {
      // It says by throwing that there is none; most frames have none.
    }
  }
  return undefined;
}
