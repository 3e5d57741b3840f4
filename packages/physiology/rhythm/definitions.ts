/** Rhythms that are told from beats alone, and by what. */
export type RhythmKind =
  | "asystole"
  | "pause"
  | "extreme-bradycardia"
  | "extreme-tachycardia"
  | "ventricular-couplet"
  | "ventricular-run"
  | "ventricular-tachycardia"
  | "bigeminy"
  | "trigeminy";

/**
 * Life-threatening ones as the monitors of the Challenge 2015 define them (Clifford GD et al. Physiol Meas 2016;37:E5): no QRS
 * for 4 s; below 40/min for 5 beats; above 140/min for 17 beats; 5 ventricular beats above 100/min. A pause is 3 s and longer
 * (2018 ACC/AHA/HRS guideline on bradycardia); a run is 3 ventricular beats and more; bigeminy and trigeminy are three times
 * the same pattern.
 */
export const DEFINITIONS = {
  asystoleSeconds: 4,
  pauseSeconds: 3,
  bradycardia: { perMinute: 40, beats: 5 },
  tachycardia: { perMinute: 140, beats: 17 },
  ventricularTachycardia: { perMinute: 100, beats: 5 },
  run: 3,
  couplet: 2,
  patterns: 3,
} as const;
