/** Averaged over about so many samples, twice: no shift. @returns a new array */
export function boxed(samples: ArrayLike<number>, width: number): Float64Array {
  const half = Math.floor(width / 2);
  const once = averaged(samples, half);
  return half === 0 ? once : averaged(once, half);
}

function averaged(samples: ArrayLike<number>, half: number): Float64Array {
  const out = new Float64Array(samples.length);
  let sum = 0;
  let from = 0;
  let to = 0;
  for (let i = 0; i < samples.length; i++) {
    for (; to <= Math.min(i + half, samples.length - 1); to++) sum += samples[to] as number;
    for (; from < i - half; from++) sum -= samples[from] as number;
    out[i] = sum / (to - from);
  }
  return out;
}

/** How fast the vector of all leads moves, mV/s. */
export function steepness(leads: readonly Float64Array[], rateHz: number): Float64Array {
  const length = Math.min(...leads.map((lead) => lead.length));
  const out = new Float64Array(length);
  for (const lead of leads)
    for (let i = 1; i < length - 1; i++) {
      const rise = (lead[i + 1] as number) - (lead[i - 1] as number);
      out[i] = (out[i] as number) + rise * rise;
    }
  for (let i = 1; i < length - 1; i++) out[i] = (Math.sqrt(out[i] as number) * rateHz) / 2;
  return out;
}

/** How far the leads are from their levels, mV, a lead on average. */
export function rootMeanSquare(leads: readonly Float64Array[], levels: readonly number[]): Float64Array {
  const length = Math.min(...leads.map((lead) => lead.length));
  const out = new Float64Array(length);
  for (const [k, lead] of leads.entries()) {
    const level = levels[k] as number;
    for (let i = 0; i < length; i++) {
      const off = (lead[i] as number) - level;
      out[i] = (out[i] as number) + off * off;
    }
  }
  for (let i = 0; i < length; i++) out[i] = Math.sqrt((out[i] as number) / leads.length);
  return out;
}

/** The value that this part of all is below. */
export function floorOf(values: Float64Array, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
}
