import { create } from "qrcode";
import { useMemo } from "react";

/** Light modules around the dark ones: a camera needs four. */
const QUIET = 4;

/** A QR code, always dark on white: not every camera reads it the other way round. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text]);
  const side = size + 2 * QUIET;
  return (
    <svg
      role="img"
      aria-label={`QR code: ${label}`}
      viewBox={`0 0 ${side} ${side}`}
      width={side * 5}
      height={side * 5}
      shapeRendering="crispEdges"
      style={{ maxWidth: "100%", height: "auto", background: "#fff", borderRadius: 8 }}
    >
      <path d={path} fill="#000" />
    </svg>
  );
}

function drawn(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  const { size } = modules;
  let path = "";
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (modules.get(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  return { size, path };
}
