const KEY = "openward.external";

/** What somebody went to the provider for. */
export type Errand = "sign-in" | "link";

export function leaveFor(url: string, errand: Errand): void {
  sessionStorage.setItem(KEY, errand);
  location.assign(url);
}

/** Once. */
export function takeErrand(): Errand {
  const found = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return found === "link" ? "link" : "sign-in";
}
