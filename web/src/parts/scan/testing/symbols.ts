import { BarcodeFormat, DataMatrixWriter } from "@zxing/library";
import { create } from "qrcode";

/** Modules of a symbol, row by row; true is dark. */
export type Modules = readonly (readonly boolean[])[];

const rowsOf = (size: { width: number; height: number }, at: (x: number, y: number) => boolean): Modules =>
  Array.from({ length: size.height }, (_, y) => Array.from({ length: size.width }, (_, x) => at(x, y)));

export function qrCode(text: string): Modules {
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  return rowsOf({ width: modules.size, height: modules.size }, (x, y) => modules.get(y, x) !== 0);
}

export function dataMatrix(text: string): Modules {
  const matrix = new DataMatrixWriter().encode(text, BarcodeFormat.DATA_MATRIX, 1, 1, new Map());
  return rowsOf({ width: matrix.getWidth(), height: matrix.getHeight() }, (x, y) => matrix.get(x, y));
}

/** The symbol in the middle of a light picture, as large as half of its height; null: a picture of nothing. */
export function pictureOf(symbol: Modules | null, width: number, height: number) {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(235);
  if (symbol) {
    const cell = Math.max(2, Math.floor((0.6 * height) / symbol.length));
    const left = Math.floor((width - cell * (symbol[0]?.length ?? 0)) / 2);
    const top = Math.floor((height - cell * symbol.length) / 2);
    for (const [row, cells] of symbol.entries()) {
      for (const [column, isDark] of cells.entries()) {
        if (!isDark) continue;
        for (let y = 0; y < cell; y++) {
          const start = 4 * ((top + row * cell + y) * width + left + column * cell);
          rgba.fill(20, start, start + 4 * cell);
        }
      }
    }
  }
  return { rgba, width, height };
}

/** Pictures as a film that a browser takes for its camera: YUV4MPEG2, 4:2:0, five a second. */
export function filmOf(
  pictures: readonly { readonly rgba: Uint8ClampedArray; readonly width: number; readonly height: number }[],
) {
  const [first] = pictures;
  if (!first) throw new Error("a film has pictures");
  const parts: Uint8Array[] = [Buffer.from(`YUV4MPEG2 W${first.width} H${first.height} F5:1 Ip A1:1 C420jpeg\n`)];
  for (const { rgba, width, height } of pictures) {
    const luma = new Uint8Array(width * height);
    for (let i = 0; i < luma.length; i++) luma[i] = rgba[4 * i] as number;
    parts.push(Buffer.from("FRAME\n"), luma, new Uint8Array((width * height) / 2).fill(128));
  }
  return Buffer.concat(parts);
}
