/** In hours. */
export const OVERLAPS = [
  { value: "0", label: "end at once" },
  { value: "1", label: "stay valid for an hour" },
  { value: "24", label: "stay valid for a day" },
  { value: "168", label: "stay valid for a week" },
];

/** What the device notices of it. */
export const overlapText = (hours: number): string =>
  hours === 0
    ? "The device is silent until it has the new one."
    : "The device goes on until then: give it the new one before.";

export const DAYS_OF_TOKEN = [
  { value: "", label: "until it is revoked" },
  { value: "30", label: "for 30 days" },
  { value: "90", label: "for 90 days" },
  { value: "365", label: "for a year" },
];

/** A certificate has an end always; TLS allows no more than 397 days. */
export const DAYS_OF_CERTIFICATE = [
  { value: "30", label: "for 30 days" },
  { value: "90", label: "for 90 days" },
  { value: "365", label: "for a year" },
];
