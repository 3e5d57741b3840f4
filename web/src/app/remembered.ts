/** Small choices of this screen; storage that is switched off only means that they are forgotten. */
function recall(key: string): string | null {
  try {
    return localStorage.getItem(`openward.${key}`);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`openward.${key}`, value);
  } catch {
    // Forgotten, then.
  }
}

export const rememberedWard = (): string | null => recall("ward");
export const rememberWard = (id: string): void => keep("ward", id);
export const rememberedOrder = (): "urgent" | "bed" => (recall("order") === "bed" ? "bed" : "urgent");
export const rememberOrder = (order: "urgent" | "bed"): void => keep("order", order);
